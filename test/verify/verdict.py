"""What the entries of an order prove: docs/protocol.md, The verdict."""

from formats import STEPS, need
from orders import order_read

WRONG, MISSING, ABSENT, UNSEEN = range(4)
WEIGHTS = {
    "unproven": WRONG, "ghost": WRONG, "not-frozen": WRONG, "blind": WRONG,
    "step-missing": MISSING,
    "unsealed": ABSENT, "unfenced": ABSENT, "unlooked": ABSENT, "no-tombstone": ABSENT,
    "no-end": ABSENT, "count": ABSENT,
    "unobserved": UNSEEN, "lost": UNSEEN,
}  # fmt: skip
VERDICTS = ["not established", "provable gap", "not established", "provable gap"]


def wrong(message):
    need(False, "entries", message)


class Target:
    def __init__(self, name, children):
        self.name, self.children = name, children
        self.fenced = self.tombstoned = self.frozen = self.clean = self.clean_frozen = False
        self.freeze_failed = 0
        self.lost_at = self.sealed = None
        self.sealed_ms = self.until_ms = self.lifted_ms = self.watched_to = 0
        self.lives = []


class Verdict:
    def __init__(self, entries):
        self.entries, self.findings = entries, []
        self.closed_ms = 0
        self.openings()
        self.find_order()
        self.find_targets()
        self.work()
        for target in self.targets.values():
            self.find_lives(target)
        self.judge()

    def found(self, what, target="", start=0, end=0):
        self.findings.append({"from": start, "target": target, "to": end, "what": what})

    # ---- range, order, targets ----

    def openings(self):
        self.opened = {}
        before = None
        for entry in self.entries:
            identity = entry["range_id"]
            if before and before["entry"] == "opened" and before["part"] < before["parts"]:
                need(entry["entry"] == "opened" and entry["range_id"] == before["range_id"]
                     and entry["part"] == before["part"] + 1,
                     "entries", "a part of an opening is missing")  # fmt: skip
            elif entry["entry"] == "opened":
                need(entry["part"] == 1 and identity not in self.opened, "entries", "opened twice")
            need(entry["entry"] == "opened" or identity in self.opened, "entries", "not opened")
            if entry["entry"] == "opened":
                parts = self.opened.setdefault(identity, [])
                parts.append(entry)
                alike = [{k: v for k, v in part.items() if k not in ("groups", "part", "wall_ms")}
                         for part in (parts[0], entry)]  # fmt: skip
                need(alike[0] == alike[1], "entries", "the parts of an opening differ")
            before = entry
        need(not before or before["entry"] != "opened" or before["part"] == before["parts"],
             "entries", "a part of an opening is missing")  # fmt: skip

    def find_order(self):
        accepted = [entry for entry in self.entries if entry["entry"] == "accepted"]
        need(len(accepted) == 1, "entries", "not one order")
        self.accepted = accepted[0]
        self.order = order_read(self.accepted["order"])
        self.range = self.opened[self.accepted["range_id"]][0]["range"]
        need(self.order["verb"] in ("stop", "pause"), "entries", "proves no end")
        need(self.order["range"] in ("any", self.range), "entries", "another range")

    def agents_of(self, group):
        """The names of a group's agents, as far as the order could mean them."""
        count, name, wanted = group["agents"], group["group"], self.order["target"]
        if self.order["scope"] == "agent":
            number = wanted.removeprefix(name + "-")
            one_of = number.isdecimal() and number[0] != "0" and int(number) <= count
            return [wanted] if (wanted == name if count == 1 else one_of) else []
        need(count <= 16384, "entries", "too many targets")
        return [f"{name}-{i + 1}" for i in range(count)] if count > 1 else [name]

    def find_targets(self):
        names = []
        for part in self.opened[self.accepted["range_id"]]:
            for group in part["groups"]:
                if self.order["scope"] == "group" and group["group"] != self.order["target"]:
                    continue
                agents = self.agents_of(group)
                names += [(name, group["children"]) for name in agents]
        need(names and len(names) <= 16384, "entries", "no target, or too many")
        self.targets = {name: Target(name, children) for name, children in sorted(names)}
        need(len(self.targets) == len(names), "entries", "two agents of one name")

    # ---- entries in their order ----

    def work(self):
        following, said, accepted = 1, 0, False
        for entry in self.entries:
            kind = entry["entry"]
            need(entry.get("epoch", self.accepted["epoch"]) == self.accepted["epoch"],
                 "entries", "another order's")  # fmt: skip
            if kind == "refused":
                wrong("a refusal")
            elif kind == "accepted":
                accepted = True
            elif kind == "step":
                need(accepted and entry["number"] >= following, "entries", "a step out of order")
                if entry["number"] > following:
                    self.found("step-missing", "", following, entry["number"] - 1)
                following = entry["number"] + 1
                self.step(entry)
            elif kind == "watched":
                self.watched(entry)
                said = max(said, entry["steps"])
            else:
                self.closed_ms = entry["wall_ms"] if kind == "closed" else 0
        if said >= following:
            self.found("step-missing", "", following, said)

    def step(self, entry):
        word, name, value = entry["step"], entry["target"], entry["value"]
        need(name == "" or name in self.targets, "entries", "no target of the order")
        if word == "unobserved":
            self.found("unobserved", name, value, entry["time_ns"])
        elif word == "unproven":
            self.found("unproven", name, value)
        elif word == "ghost":
            self.found("ghost", name, entry["number"])
        elif word == "lost":
            self.found("lost", name)
        for target in [self.targets[name]] if name else self.targets.values():
            if word == "fenced":
                target.fenced = True
            elif word == "emptied":
                target.frozen = True
            elif word == "frozen":
                target.frozen, target.freeze_failed = value == 0, value
            elif word == "thawed":
                target.frozen = False
            elif word == "looked":
                target.clean, target.clean_frozen = value == 0, target.frozen
            elif word in ("found", "killed") and not target.sealed:
                target.clean = False
            elif word == "tombstoned":
                target.tombstoned = True
            elif word == "sealed" and not target.sealed:
                target.sealed = entry
                target.sealed_ms = target.until_ms = entry["wall_ms"]
                target.watched_to = entry["time_ns"]
            elif word in ("lifted", "released"):
                target.lifted_ms = target.lifted_ms or entry["wall_ms"]
            elif word == "lost":
                target.lost_at = entry["number"]

    def watched(self, entry):
        counts = False
        for name in entry["targets"]:
            need(name in self.targets, "entries", "no target of the order")
            target = self.targets[name]
            if (target.sealed and target.sealed["range_id"] == entry["range_id"]
                    and entry["from_ns"] <= target.watched_to < entry["to_ns"]):  # fmt: skip
                target.watched_to, target.until_ms = entry["to_ns"], entry["wall_ms"]
                counts = True
        for start, end in entry["gaps"] if counts else []:
            self.found("unobserved", "", start, end)

    # ---- incarnations ----

    def find_lives(self, target):
        processes = {}
        for entry in self.entries:
            if entry["entry"] == "step" and STEPS[entry["step"]][1] and entry["target"] == target.name:
                who = (not entry["sanctioned"], entry["incarnation"], entry["pid"])
                processes.setdefault(who, []).append(entry)
        for who in sorted(processes):
            life, last = None, 0
            for entry in processes[who]:
                self.lose(target, life, last, entry["number"])
                if life is None or (
                    life["end"] in ("died", "lost") and entry["step"] in ("found", "ghost")
                ):
                    life = {"end": "none", "ended_ns": 0, "incarnation": who[1], "inside": 0,
                            "pid": who[2], "sanctioned": not who[0]}  # fmt: skip
                    target.lives.append(life)
                self.live(life, entry)
                last = entry["number"]
            self.lose(target, life, last, None)

    @staticmethod
    def lose(target, life, last, following):
        """Whoever lived between two steps when the range died, died with it."""
        if life and target.lost_at and last < target.lost_at:
            if (following is None or following > target.lost_at) and life["end"] in ("none", "held"):
                life["end"], life["ended_ns"] = "lost", 0

    @staticmethod
    def live(life, entry):
        life["inside"] = life["inside"] or entry["inside"]
        word = entry["step"]
        if (word == "died" or (word == "held" and life["end"] != "died")
                or (word == "released" and life["end"] == "held")):  # fmt: skip
            life["end"], life["ended_ns"] = word, entry["time_ns"]

    # ---- what should be there ----

    def judge(self):
        stop = self.order["verb"] == "stop"
        first = self.opened[self.accepted["range_id"]][0]
        if not first["has_cgroups"] and not first["has_process_events"]:
            self.found("blind")
        for target in self.targets.values():
            self.judge_one(target, stop)
            if not target.sealed:
                target.until_ms = self.accepted["wall_ms"]
            if target.lifted_ms:
                target.until_ms = min(target.until_ms, target.lifted_ms)
        weights = [WEIGHTS[finding["what"]] for finding in self.findings]
        self.value = VERDICTS[min(weights)] if weights else "complete"

    def judge_one(self, target, stop):
        if not target.sealed:
            self.found("unsealed", target.name)
        if stop and not target.tombstoned:
            self.found("no-tombstone", target.name)
        if target.lost_at is None:
            if not target.fenced:
                self.found("unfenced", target.name)
            if target.clean and not target.clean_frozen and target.freeze_failed:
                self.found("not-frozen", target.name, target.freeze_failed)
            elif not (target.clean and target.clean_frozen):
                self.found("unlooked", target.name)
        good = ("died", "lost") if stop else ("died", "lost", "held", "released")
        ended = 0
        for life in target.lives:
            if life["end"] in good:
                ended += 1
            else:
                self.found("no-end", target.name, life["incarnation"], life["pid"])
        if target.lost_at is None and target.sealed and target.sealed["value"] > ended:
            self.found("count", target.name, target.sealed["value"], ended)

    def says(self):
        parts = [part for parts in self.opened.values() for part in parts]
        missing = []
        if not all(part["has_cgroups"] for part in parts):
            missing.append("cgroups")
        if any(target.children for target in self.targets.values()):
            missing.append("children")
        if not all(part["has_process_events"] for part in parts):
            missing.append("process-events")
        targets = [
            {"incarnations": target.lives, "lifted_ms": target.lifted_ms, "name": target.name,
             "sealed_ms": target.sealed_ms, "until_ms": target.until_ms}
            for target in self.targets.values()
        ]  # fmt: skip
        return {
            "closed_ms": self.closed_ms, "epoch": self.accepted["epoch"],
            "findings": self.findings, "from_ms": self.accepted["wall_ms"], "missing": missing,
            "order": self.accepted["order_digest"], "range": self.range, "targets": targets,
            "to_ms": min(target.until_ms for target in self.targets.values()),
            "verb": self.order["verb"], "verdict": self.value,
        }  # fmt: skip
