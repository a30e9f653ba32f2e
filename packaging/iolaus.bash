# Completion of iolaus for bash: commands, tools of `order`, `trace` and `study`, options, files.

# Files whose names end so, and folders on the way to them.
_iolaus_files() {
    local ending
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(
        for ending in "$@"; do compgen -f -X "!*$ending" -- "$word"; done
        compgen -d -- "$word"
    )
}

_iolaus() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} tool=${COMP_WORDS[2]} words=

    # `--option=value` comes as three words where `=` breaks words.
    if [[ $word == = ]]; then
        word=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "check sim drill up ps down renew stop permit pause resume order doctor study trace protocol certificate audit agent --help --version" -- "$word")
        return
    fi
    if [[ $command == study ]] && ((COMP_CWORD == 2)); then
        words="plan run show effects sensitivity training times thresholds descent collusion stops export figures predict reference --help"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi
    if [[ $command == order ]] && ((COMP_CWORD == 2)); then
        words="new show verify reference --help"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi
    if [[ $command == trace ]] && ((COMP_CWORD == 2)); then
        words="show stats digest export why diff recover --help"
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi

    # A key is a text for an audit, and a file for whoever signs.
    if [[ $previous == --key && $command == @(stop|permit|pause|resume) ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi

    case $previous in
    --trace | --output | -o | --traces | --state | --db | --checkpoint | --sig | --roster | --authority | --order | --ledger | --lifts | --permit)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --format | -f)
        words="jsonl csv perfetto"
        [[ $command == study ]] && words="text csv markdown json"
        ;;
    --expect)
        words="dead quiet"
        [[ $command == drill ]] && words="dead quiet no-finding"
        ;;
    --protocol) words="terminate recall sweep blackout tombstone lease cauterize" ;;
    --of)
        [[ ${COMP_WORDS[2]} == stops ]] && return
        words="rates effects training times thresholds siege descent collusion stops"
        ;;
    --time) words="repair outage undone stop" ;;
    --choice) words="relaunch relink mask tamper misreport copy stall" ;;
    --class) words="truth act claim platform control" ;;
    --arm | --seed | --replicates | --episode | --set | --jobs | -j | --block | --agent | --verb | \
        --from | --to | --limit | --duration | --name | --rotate-size | --rotate-age | --keep-files | \
        --keep-size | --keep-age | --on-failure | --study | --measure | --bins | --by | --against | \
        --horizon | --target | --top | --alpha | --permutations | --block | --key | --stop | --pause | --resume | \
        --expires | --range | --min | --at) return ;;
    --without)
        words="alerts requests refuses_request learnt reported_failed reports_healthy_while_dead"
        ;;
    esac
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi

    case $command in
    sim)
        words="--arm= --seed= --replicates= --set= --episode= --trace= --expect= --json --digest --brief
            --jobs= --block= --help"
        ;;
    drill)
        words="--arm= --seed= --replicates= --set= --duration= --trace= --ledger= --expect= --name=
            --json --brief --beside-sim --help"
        ;;
    up)
        words="--arm= --seed= --set= --name= --state= --roster= --authority= --traces= --rotate-size= --rotate-age=
            --keep-files= --keep-size= --keep-age= --lease= --operator-lease= --on-failure= --help"
        ;;
    stop) words="--all --dry-run --protocol= --key= --expires= --order= --sig= --range= --json --help" ;;
    permit | pause | resume) words="--all --dry-run --key= --expires= --order= --sig= --range= --json --help" ;;
    ps | down | renew) words="--json --help" ;;
    doctor) words="--brief --json --help" ;;
    audit) words="--key= --checkpoint= --roster= --json --help" ;;
    certificate) words="--last --key= --help" ;;
    agent) words="--help" ;;
    protocol) words="--top= --target= --without= --arm= --study= --output= --json --help" ;;
    check) words="--set= --json --reference --help" ;;
    order)
        case $tool in
        new) words="--stop= --pause= --resume= --permit= --protocol= --expires= --range= --help" ;;
        show) words="--json --help" ;;
        verify) words="--sig= --roster= --min= --lifts= --range= --at= --json --help" ;;
        *) words="--help" ;;
        esac
        ;;
    study)
        case $tool in
        plan) words="--jobs= --replicates= --help" ;;
        run) words="--jobs= --replicates= --db= --help" ;;
        show | export | thresholds | descent) words="--study= --format= --output= --help" ;;
        effects | sensitivity) words="--study= --measure= --format= --output= --help" ;;
        training) words="--study= --measure= --bins= --against= --format= --output= --help" ;;
        times) words="--time= --by= --against= --horizon= --study= --format= --output= --help" ;;
        stops) words="--by= --of= --study= --format= --output= --help" ;;
        figures) words="--of= --study= --output= --help" ;;
        collusion)
            words="--choice= --by-run --alpha= --permutations= --block= --jobs= --study= --format=
                --output= --help"
            ;;
        *) words="--help" ;;
        esac
        ;;
    trace)
        case $tool in
        show | stats) words="--agent= --class= --verb= --from= --to= --limit= --json --help" ;;
        export) words="--agent= --class= --verb= --from= --to= --limit= --format= --output= --help" ;;
        why | diff) words="--json --help" ;;
        *) words="--help" ;;
        esac
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    elif [[ $command == @(ps|down|renew|stop|permit|pause|resume|doctor|agent) ]]; then
        return
    elif [[ $command == @(audit|certificate) ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $command == order ]]; then
        _iolaus_files .order .sig
    elif [[ $command == trace ]]; then
        _iolaus_files .trace .part
    elif [[ $command == protocol ]]; then
        _iolaus_files .trace .db
    elif [[ $command == study && $tool == @(show|export|effects|sensitivity|training|times|thresholds|descent|stops|figures) ]]; then
        _iolaus_files .db
    else
        _iolaus_files .yaml .yml
    fi
}

complete -F _iolaus iolaus
