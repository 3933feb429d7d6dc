# bash completion for the p9 tools.
#
# Options come from the tool's own --help, so that they are always those of the tool that is there. Remote paths come from the
# server that the line names (-a, -A, -u and so on, else P9_ADDRESS and so on), within a second, and from nowhere if it does
# not answer. readline splits words at colons and equals signs and knows nothing of remote files, so words are split and
# names quoted here.

# The words up to the cursor, without their quotes: `words`, the last is the one to complete. `quote` is the quote that
# is open there, `kept` what of that word stands before the part that readline will replace.
_p9_split() {
    local line=${COMP_LINE:0:COMP_POINT} c word='' inside='' i
    words=() quote='' kept=''
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        case ${quote:-n}$c in
        "''" | '""') quote='' ;;
        "'"*) word+=$c ;;
        '"\') if [[ ${line:i+1:1} == [\"\\\$\`] ]]; then ((++i)); fi; word+=${line:i:1} ;;
        '"'*) word+=$c ;;
        n[\'\"]) quote=$c inside=1 kept=$word ;;
        n\\) ((++i)); word+=${line:i:1} inside=1 ;;
        n[[:blank:]])
            if [[ $inside ]]; then words+=("$word"); fi
            word='' inside='' kept='' ;;
        *)
            word+=$c inside=1
            if [[ $COMP_WORDBREAKS == *"$c"* ]]; then kept=$word; fi ;;
        esac
    done
    words+=("$word")
}

# Offers the arguments, whole words (or what follows `prefix`) without quotes. What ends in / or = or a colon is not the end
# of its word.
_p9_offer() {
    local each rest end
    compopt -o nospace
    for each; do
        [[ $each == "$current"* ]] || continue
        rest=$prefix$each rest=${rest#"$kept"} end=' '
        if [[ $each == *[/=:!,] ]]; then end=''; fi
        case $quote in
        "'") rest=${rest//\'/\'\\\'\'} ;;
        '"') rest=${rest//\\/\\\\} rest=${rest//\"/\\\"} rest=${rest//\$/\\\$} rest=${rest//\`/\\\`} ;;
        *) if [[ $rest == *[!A-Za-z0-9/_.,+@%:=-]* ]]; then printf -v rest %q "$rest"; fi ;;
        esac
        if [[ -z $quote ]]; then rest+=$end; fi
        COMPREPLY+=("$rest")
    done
    # readline would close the quote behind a directory; two matches with a beginning in common it leaves open.
    if [[ $quote && ${#COMPREPLY[@]} == 1 && -z $end ]]; then COMPREPLY+=("${COMPREPLY[0]} "); fi
}

# What each option of a tool takes: option -> metavar, empty for a flag, with = where the value is behind one.
_p9_options() {
    local text line word metavar
    text=$("$@" --help 2>/dev/null </dev/null) || return
    text=${text%%$'\n'Examples:*}
    takes=()
    while read -r line; do
        while [[ $line =~ ^(.*(^|,|\[|  )\ ?)?(--?[A-Za-z0-9][A-Za-z0-9-]*)((\[?=|\ )([A-Z1][A-Z0-9=|.]*))?(.*)$ ]]; do
            line=${BASH_REMATCH[1]} word=${BASH_REMATCH[3]} metavar=${BASH_REMATCH[6]%]}
            if [[ ${BASH_REMATCH[5]} == '[=' ]]; then metavar="=$metavar"; fi
            # "-a, --address ADDR": the metavar is of both.
            if [[ ${BASH_REMATCH[4]} || ! -v takes[$word] ]]; then takes[$word]=$metavar; fi
            if [[ $line == *-?', ' ]]; then takes[${line: -4:2}]=$metavar; line=${line:0:-4}; fi
        done
    done <<<"${text//$'\n'  /$'\n'  }"
}

# A remote path in $1, with $2 before it on the line.
_p9_remote() {
    local path=$1 before=$2 directory='' base each p9ls=p9ls run=() found=() names=()
    if [[ $path == */* ]]; then directory=${path%/*}/; fi
    base=${path##*/}
    if [[ $tool == */* && -x ${tool%/*}/p9ls ]]; then p9ls=${tool%/*}/p9ls; fi
    case $address in
    fd!*) return ;;                                # given away once
    exec[!:]*) run=(setsid -w) ;;                  # so that ssh cannot ask for a password here
    esac
    each=${directory//\\/\\\\} each=${each//\*/\\*} each=${each//\?/\\?} each=${each//\[/\\[}
    mapfile -d '' names < <(P9_TRACE='' "${run[@]}" "$p9ls" --timeout 1 --connect-timeout 1 "${connection[@]}" \
        -p --zero -- "${each:-/}" 2>/dev/null </dev/null | LC_ALL=C grep -zF -- "$base")  # a loop over all would be slow
    for each in "${names[@]}"; do
        if [[ $each == "$base"* && ($each != .* || $base) ]]; then found+=("$before$directory$each"); fi
    done
    _p9_offer "${found[@]}"
}

# A local file whose name begins with $1, with $2 before it on the line.
_p9_local() {
    local each found=()
    if [[ -z $2 && -z $3 && (-z $prefix || $kept == "$prefix") ]]; then
        compopt -o default
        return
    fi
    while IFS= read -r each; do
        if [[ -d $each ]]; then found+=("$2$each/"); elif [[ -z $3 || -S $each ]]; then found+=("$2$each"); fi
    done < <(compgen -f -- "$1")
    _p9_offer "${found[@]}"
}

_p9_address() {
    case $1 in
    unix[!:]* | virtio[!:]*) _p9_local "${1#*[!:]}" "${1%%[!:]*}${1:${#1}-${#1}+$(expr index "$1" '!:')-1:1}" sockets ;;
    /* | ./* | ../* | *://*) _p9_local "$1" '' sockets ;;
    *) _p9_offer 'tcp!' 'unix!' 'ws://' 'wss://' 'virtio!' 'vsock!' 'exec!' 'fd!' ;;
    esac
}

# The value of option $1, whose metavar is $2, as far as it is typed: $3.
_p9_value() {
    local current=$3
    case $1 in
    --dialect) _p9_offer auto 9P2000.L 9P2000.u 9P2000 ;;
    --dialects) _p9_offer 9P2000.L 9P2000.u 9P2000 ;;
    --color) _p9_offer always auto never ;;
    --msize) _p9_offer 8K 64K 128K 512K 1M 4M ;;
    --capability) _p9_offer filesystem device ioport interrupt dma network exchange all ;;
    --operator-capabilities) _p9_offer device, ioport, interrupt, dma ;;
    --root | --mount) _p9_remote "$3" '' ;;
    -o) if [[ ${tool##*/} == p9fuse ]]; then _p9_mount_option "$3"; else _p9_local "$3"; fi ;;
    *) case $2 in
        ADDR) _p9_address "$3" ;;
        FILE) _p9_local "$3" ;;
        PATH) compopt -o dirnames ;;
        USER) _p9_offer $(compgen -u -- "$3") ;;
        '1|2|4|8') _p9_offer 1 2 4 8 ;;
        esac ;;
    esac
}

# The last of a list of mount options.
_p9_mount_option() {
    local list='' last=$1 name names=() each
    if [[ $1 == *,* ]]; then list=${1%,*}, last=${1##*,}; fi
    name=${last%%=*}
    case $last in
    dialect=*) set -- auto 9P2000.L 9P2000.u 9P2000 ;;
    cache=*) set -- none auto loose ;;
    idmap=*) set -- none user ;;
    tls_ca=* | trace=* | capture=*) _p9_local "${last#*=}" "$list$name=" ''; return ;;
    *=*) return ;;
    *)
        while read -r each; do
            names+=("$list$each")
        done < <("$tool" --help | sed -n '/^Options after -o/,/^Exit/{s/^  \([a-z]\)/\1/;t cut;d;:cut;s/  .*//;p}' | tr , '\n' | sed -n 's/^ *\([a-z_]*=\).*/\1/p;s/^ *\([a-z_]*\)\(\[=.*\)\{0,1\}$/\1/p'
            printf '%s\n' ro allow_other default_permissions auto_unmount fsname= subtype= max_read= noatime noexec)
        _p9_offer "${names[@]}"
        return ;;
    esac
    for each; do names+=("$list$name=$each"); done
    _p9_offer "${names[@]}"
}

# p9ctl's commands, and what they take. `operands` are the words that are no options.
_p9_ctl() {
    local commands each place=${#operands[@]}
    commands=$("$tool" --help 2>/dev/null | sed -n '/^Commands/,/^Options/s/^  \([a-z]*\( [a-z]*\)\{0,1\}\).*/\1/p')
    case "$place ${operands[*]}" in
    0*) _p9_offer $(sed 's/ .*//' <<<"$commands" | sort -u) ;;
    1\ irq | 1\ mem | 1\ dma) _p9_offer $(sed -n "s/^${operands[0]} //p" <<<"$commands") ;;
    1\ io) _p9_offer inb inw inl outb outw outl ;;
    1\ write | 1\ ask) _p9_remote "$current" '' ;;
    1\ batch) _p9_local "$current" ;;
    1\ new) _p9_offer $(_p9_ask types) ;;
    *\ start* | *\ stop* | *\ restart* | *\ remove* | *\ status* | *\ health* | 1\ set* | 1\ wait* | 1\ devices* | 3\ irq\ register*)
        _p9_offer $(_p9_ask list | sed 's/[[:blank:]].*//') ;;
    2\ wait*) _p9_offer configuring starting healthy degraded stopped failed ;;
    esac
}

_p9_ask() { P9_TRACE='' "$tool" --timeout 1 --connect-timeout 1 "${connection[@]}" "$@" 2>/dev/null </dev/null; }

_p9() {
    local words quote kept current prefix='' tool address=${P9_ADDRESS-} connection=() operands=() i word option value
    local -A takes=()
    COMPREPLY=()
    _p9_split
    while [[ ${words[0]} == *=* ]]; do words=("${words[@]:1}"); done
    tool=${words[0]} current=${words[-1]}
    if [[ $tool == '~/'* ]]; then tool=$HOME/${tool:2}; fi
    _p9_options "$tool"
    for ((i = 1; i < ${#words[@]}; i++)); do
        word=${words[i]} option='' value=''
        local last=$((i == ${#words[@]} - 1))
        case $word in
        --?*=*) option=${word%%=*} value=${word#*=} ;;
        --?*) option=$word ;;
        -?*)
            # Of flags that stand together the last may take a value, which may follow at once.
            option=$word
            local at
            for ((at = 1; at < ${#word}; at++)); do
                option=-${word:at:1}
                if [[ ${takes[$option]} ]]; then value=${word:at+1}; break; fi
            done ;;
        *)
            if ((!last)); then
                operands+=("$word")
                # Commands have options of their own.
                if [[ $tool == *p9ctl ]]; then
                    local -A common=()
                    for option in "${!takes[@]}"; do common[$option]=${takes[$option]}; done
                    _p9_options "$tool" "${operands[@]:0:2}"
                    for option in "${!common[@]}"; do takes[$option]=${common[$option]}; done
                fi
            fi
            continue ;;
        esac
        if [[ $word == --?*=* ]]; then
            if ((last)); then
                prefix=$option=
                _p9_value "$option" "${takes[$option]#=}" "$value"
                return
            fi
        elif [[ ${takes[$option]} == [!=]* && -z $value ]]; then
            if ((last)); then break; fi
            value=${words[++i]}
            if ((i == ${#words[@]} - 1)); then
                _p9_value "$option" "${takes[$option]}" "$value"
                return
            fi
        elif ((last)); then
            break
        fi
        # A variable of the shell, as far as its value is plain.
        if [[ $value =~ ^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$ ]]; then value=${!BASH_REMATCH[1]-}; fi
        case $option in
        -a | --address) address=$value ;;&
        -a | --address | -A | --aname | -u | --uname | --uid | --msize | --dialect | --tls-ca) connection+=("$option" "$value") ;;
        --tls-insecure) connection+=("$option") ;;
        esac
    done
    if [[ $current == -* ]]; then
        _p9_offer "${!takes[@]}"
        return
    fi
    case ${tool##*/} in
    p9ls | p9cat) _p9_remote "$current" '' ;;
    p9cp) if [[ $current == :* ]]; then _p9_remote "${current#:}" :; else _p9_local "$current"; fi ;;
    p9ctl) _p9_ctl ;;
    p9fuse) if [[ ${#operands[@]} == 0 ]]; then _p9_address "$current"; else compopt -o dirnames; fi ;;
    p9doctor) _p9_address "$current" ;;
    esac
}

complete -F _p9 p9ls p9cat p9cp p9ctl p9sh p9fuse p9serve p9proxy p9doctor
