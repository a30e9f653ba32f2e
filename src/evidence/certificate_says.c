#include <string.h>

#include "evidence/canonical.h"
#include "evidence/certificate.h"

static void put_number(struct canonical_out *out, const char *key, int64_t number)
{
    canonical_put(out, key);
    canonical_put_number(out, number);
}

static void put_text(struct canonical_out *out, const char *key, const char *text)
{
    canonical_put(out, key);
    canonical_put_text(out, text);
}

static void findings_put(struct canonical_out *out, const struct verdict *verdict)
{
    canonical_put(out, "\"findings\":[");
    for (uint32_t i = 0; i < verdict->finding_count; i++) {
        const struct finding *finding = &verdict->findings[i];

        put_number(out, i > 0 ? ",{\"from\":" : "{\"from\":", finding->from);
        put_text(out, ",\"target\":", finding->target);
        put_number(out, ",\"to\":", finding->to);
        put_text(out, ",\"what\":", finding_word(finding->kind));
        canonical_put(out, "}");
    }
    canonical_put(out, "]");
}

/* Which guarantees the machine did not give. */
static void missing_put(struct canonical_out *out, const struct verdict *verdict)
{
    const char *before = "";
    bool children = false;

    for (uint32_t i = 0; i < verdict->target_count; i++)
        children = children || verdict->targets[i].children > 0;
    canonical_put(out, ",\"missing\":[");
    if (!verdict->has_cgroups) {
        canonical_put(out, "\"cgroups\"");
        before = ",";
    }
    if (children) {
        canonical_put(out, before);
        canonical_put(out, "\"children\"");
        before = ",";
    }
    if (!verdict->has_process_events) {
        canonical_put(out, before);
        canonical_put(out, "\"process-events\"");
    }
    canonical_put(out, "]");
}

static void life_put(struct canonical_out *out, const struct verdict_incarnation *life)
{
    put_text(out, "{\"end\":", verdict_end_word(life->end));
    put_number(out, ",\"ended_ns\":", life->ended);
    put_number(out, ",\"incarnation\":", life->incarnation);
    put_number(out, ",\"inside\":", life->inside);
    put_number(out, ",\"pid\":", life->pid);
    canonical_put(out, ",\"sanctioned\":");
    canonical_put_bool(out, life->sanctioned);
    canonical_put(out, "}");
}

static void target_put(struct canonical_out *out, const struct verdict_target *target)
{
    canonical_put(out, "{\"incarnations\":[");
    for (uint32_t i = 0; i < target->incarnation_count; i++) {
        canonical_put(out, i > 0 ? "," : "");
        life_put(out, &target->incarnations[i]);
    }
    put_number(out, "],\"lifted_ms\":", target->lifted_ms);
    put_text(out, ",\"name\":", target->name);
    put_number(out, ",\"sealed_ms\":", target->sealed_ms);
    put_number(out, ",\"until_ms\":", target->until_ms);
    canonical_put(out, "}");
}

static void all_put(struct canonical_out *out, const struct verdict *verdict)
{
    char digest[ORDER_DIGEST_TEXT_BYTES];

    order_digest_text(verdict->digest, digest);
    put_number(out, "{\"closed_ms\":", verdict->closed_ms);
    put_number(out, ",\"epoch\":", (int64_t)verdict->accepted->epoch);
    canonical_put(out, ",");
    findings_put(out, verdict);
    put_number(out, ",\"from_ms\":", verdict->from_ms);
    missing_put(out, verdict);
    put_text(out, ",\"order\":", digest);
    put_text(out, ",\"range\":", verdict->opened->range);
    canonical_put(out, ",\"targets\":[");
    for (uint32_t i = 0; i < verdict->target_count; i++) {
        canonical_put(out, i > 0 ? "," : "");
        target_put(out, &verdict->targets[i]);
    }
    put_number(out, "],\"to_ms\":", verdict->to_ms);
    put_text(out, ",\"verb\":", order_verb_word(verdict->order.verb));
    put_text(out, ",\"verdict\":", verdict_word(verdict->value));
    canonical_put(out, "}");
}

int certificate_says(const struct verdict *verdict, struct arena *arena, const char **text,
                     size_t *size, struct error *error)
{
    struct canonical_out out = {0};

    all_put(&out, verdict);
    out.room = out.size + 1;
    out.text = arena_take(arena, out.room);
    if (out.text == NULL)
        return error_set(error, ERROR_MEMORY, "no memory for a certificate");
    out.size = 0;
    all_put(&out, verdict);
    *text = out.text;
    *size = out.size;
    return 0;
}
