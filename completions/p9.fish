# fish completion for the p9 tools.
#
# Options come from the tool's own --help, so that they are always those of the tool that is there. Remote paths come from the
# server that the line names (-a, -A, -u and so on, else P9_ADDRESS and so on), within a second, and from nowhere if it does
# not answer.

# A line for each option of the tool and command $argv: name, metavar (with = where the value is behind one), description.
function __p9_options
    $argv --help 2>/dev/null </dev/null | awk '
        /^Examples:/ { exit }
        {
            line = $0
            sub(/^[A-Z][A-Za-z ]*:  /, "  ", line)
            gsub(/\[-/, "  -", line)
            if (line !~ /^ +-/ && line !~ /  -/) next
            meaning = ""
            if (match(line, /[^ ]  +[^ -]/)) {
                meaning = substr(line, RSTART + 1)
                line = substr(line, 1, RSTART)
                sub(/^ +/, "", meaning)
            }
            n = split(line, pieces, /  +/)
            for (i = 1; i <= n; i++) {
                piece = pieces[i]
                sub(/^ +/, "", piece)
                if (piece !~ /^-/) continue
                names = split(piece, name, /, /)
                metavar = name[names]
                if (!sub(/^[^ =\[\]]+ ?/, "", metavar)) metavar = ""
                sub(/^\[=/, "=", metavar)
                sub(/\].*/, "", metavar)
                for (j = 1; j <= names; j++) {
                    sub(/[ =\[\]].*/, "", name[j])
                    if (!seen[name[j]]++) print name[j] "\t" metavar "\t" meaning
                }
            }
        }'
end

# Names of the server that go on from path $argv[1], with $argv[2] before them on the line.
function __p9_remote
    set -l run env P9_TRACE=
    switch "$__p9_address"
        case 'fd!*' # given away once
            return
        case 'exec!*' 'exec:*' # so that ssh cannot ask for a password here
            set -a run setsid -w
    end
    set -l directory (string match -r '^.*/' -- $argv[1])
    set -l base (string replace -r '^.*/' '' -- $argv[1])
    set -l pattern (string replace -ar '([\\\\*?\[])' '\\\\$1' -- $directory)
    test -n "$pattern"; or set pattern /
    set -l p9ls p9ls
    set -l beside (string replace -r '[^/]*$' p9ls -- $__p9_tool)
    string match -q '*/*' -- $__p9_tool; and test -x $beside; and set p9ls $beside
    for name in ($run $p9ls --timeout 1 --connect-timeout 1 $__p9_connection -p --zero -- $pattern 2>/dev/null </dev/null | grep -zF -- "$base" | string split0)
        # fish takes a line for a name.
        string match -q -- "*
*" $name; and continue
        string match -q -- '.*' $name; and not string match -q -- '.*' $base; and continue
        echo "$argv[2]$directory$name"
    end
end

function __p9_address
    switch "$argv[1]"
        case 'unix!*' 'unix:*' 'virtio!*' 'virtio:*'
            set -l scheme (string match -r '^[a-z]*[!:]' -- $argv[1])
            for each in (__fish_complete_path (string replace -- $scheme '' $argv[1]))
                echo $scheme$each
            end
        case '/*' './*' '../*'
            __fish_complete_path $argv[1]
        case '*'
            printf '%s\n' 'tcp!' 'unix!' ws:// wss:// 'virtio!' 'vsock!' 'exec!' 'fd!'
    end
end

# The value of option $argv[1], whose metavar is $argv[2], as far as it is typed: $argv[3], with $argv[4] before it.
function __p9_value
    set -l before $argv[4]
    switch $argv[1]
        case --dialect
            printf '%s\n' $before{auto,9P2000.L,9P2000.u,9P2000}
        case --dialects
            printf '%s\n' $before{9P2000.L,9P2000.u,9P2000}
        case --color
            printf '%s\n' $before{always,auto,never}
        case --msize
            printf '%s\n' $before{8K,64K,128K,512K,1M,4M}
        case --capability
            printf '%s\n' $before{filesystem,device,ioport,interrupt,dma,network,exchange,all}
        case --operator-capabilities
            printf '%s\n' $before{device,ioport,interrupt,dma}
        case --root --mount
            __p9_remote $argv[3] $before
        case -o
            if string match -q '*p9fuse' -- $__p9_tool
                __p9_mount_option $argv[3]
            else
                __fish_complete_path $argv[3]
            end
        case '*'
            switch "$argv[2]"
                case ADDR 'ADDR...'
                    __p9_address $argv[3]
                case FILE
                    for each in (__fish_complete_path $argv[3])
                        echo $before$each
                    end
                case PATH
                    __fish_complete_directories $argv[3] ''
                case USER
                    __fish_complete_users
                case '1|2|4|8'
                    printf '%s\n' 1 2 4 8
            end
    end
end

function __p9_mount_option
    set -l list (string match -r '^.*,' -- $argv[1])
    set -l last (string replace -r '^.*,' '' -- $argv[1])
    switch "$last"
        case 'dialect=*'
            printf '%s\n' "$list"dialect={auto,9P2000.L,9P2000.u,9P2000}
        case 'cache=*'
            printf '%s\n' "$list"cache={none,auto,loose}
        case 'idmap=*'
            printf '%s\n' "$list"idmap={none,user}
        case 'tls_ca=*' 'trace=*' 'capture=*'
            set -l name (string match -r '^[^=]*=' -- $last)
            for each in (__fish_complete_path (string replace -- $name '' $last))
                echo $list$name$each
            end
        case '*=*'
        case '*'
            printf '%s\n' "$list"($__p9_tool --help | sed -n '/^Options after -o/,/^Exit/{s/^  \([a-z]\)/\1/;t cut;d;:cut;s/  .*//;p}' | tr , '\n' | sed -n 's/^ *\([a-z_]*=\).*/\1/p;s/^ *\([a-z_]*\)\(\[=.*\)\{0,1\}$/\1/p') \
                "$list"{ro,allow_other,default_permissions,auto_unmount,fsname=,subtype=,max_read=,noatime,noexec}
    end
end

function __p9_ask
    P9_TRACE= $__p9_tool --timeout 1 --connect-timeout 1 $__p9_connection $argv 2>/dev/null </dev/null
end

# p9ctl's commands, and what they take. $argv: what is typed of the current word, then the words before it that are no
# options.
function __p9_ctl
    set -l current $argv[1]
    set -l operands $argv[2..]
    set -l commands ($__p9_tool --help 2>/dev/null | sed -n '/^Commands/,/^Options/s/^  \([a-z]*\( [a-z]*\)\{0,1\}\).*/\1/p')
    switch (count $operands)" $operands"
        case '0*'
            string replace -r ' .*' '' -- $commands | sort -u
        case '1 irq' '1 mem' '1 dma'
            string replace -f "$operands[1] " '' -- $commands
        case '1 io'
            printf '%s\n' inb inw inl outb outw outl
        case '1 write' '1 ask'
            __p9_remote $current ''
        case '1 batch'
            __fish_complete_path $current
        case '1 new'
            __p9_ask types
        case '* start*' '* stop*' '* restart*' '* remove*' '* status*' '* health*' '1 set*' '1 wait*' '1 devices*' '3 irq register*'
            __p9_ask list | string replace -r '[ \t].*' ''
        case '2 wait*'
            printf '%s\n' configuring starting healthy degraded stopped failed
    end
end

function __p9_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape 2>/dev/null; or commandline -ct)
    # An open quote is no quoting that could be undone.
    string match -qr '^["\']' -- $current; and set current (string sub -s 2 -- $current)
    set -g __p9_tool $words[1]
    set -g __p9_address $P9_ADDRESS
    set -g __p9_connection
    set -l options (__p9_options $__p9_tool)
    set -l operands
    set -l i 2
    while test $i -le (count $words)
        set -l word $words[$i]
        set -l option
        set -l value
        switch $word
            case '--?*=*'
                set option (string replace -r '=.*' '' -- $word)
                set value (string replace -r '^[^=]*=' '' -- $word)
            case '--?*'
                set option $word
            case '-?*'
                # Of flags that stand together the last may take a value, which may follow at once.
                for at in (seq 2 (string length -- $word))
                    set option -(string sub -s $at -l 1 -- $word)
                    if string match -qr "^$option\t[^\t]" -- $options
                        set value (string sub -s (math $at + 1) -- $word)
                        break
                    end
                end
            case '*'
                set -a operands $word
                if string match -q '*p9ctl' -- $__p9_tool
                    set -a options (__p9_options $__p9_tool $operands[1..2])
                end
        end
        if test -n "$option"
            set -l known (string match -r -- "^$option\t([^=\t][^\t]*)" $options)
            if test -n "$known[2]" -a -z "$value"
                set i (math $i + 1)
                if test $i -gt (count $words)
                    __p9_value $option $known[2] "$current" ''
                    return
                end
                set value $words[$i]
            end
            # A variable of the shell, as far as its value is plain.
            set -l name (string match -r '^\$([A-Za-z_][A-Za-z0-9_]*)$' -- $value)
            test -n "$name[2]"; and set value $$name[2]
            switch $option
                case -a --address
                    set __p9_address $value
                    set -a __p9_connection $option $value
                case -A --aname -u --uname --uid --msize --dialect --tls-ca
                    set -a __p9_connection $option $value
                case --tls-insecure
                    set -a __p9_connection $option
            end
        end
        set i (math $i + 1)
    end
    switch "$current"
        case '--?*=*'
            set -l name (string replace -r '=.*' '' -- $current)
            set -l known (string match -r -- "^$name\t([^\t]*)" $options)
            __p9_value $name (string replace -r '^=' '' -- "$known[2]") (string replace -r '^[^=]*=' '' -- $current) $name=
            return
        case '-*'
            string replace -r '\t[^\t]*\t' '\t' -- $options
            return
    end
    switch $__p9_tool
        case '*p9ls' '*p9cat'
            __p9_remote "$current" ''
        case '*p9cp'
            if string match -q ':*' -- $current
                __p9_remote (string sub -s 2 -- $current) :
            else
                __fish_complete_path "$current"
            end
        case '*p9ctl'
            __p9_ctl "$current" $operands
        case '*p9fuse'
            if test -z "$operands"
                __p9_address "$current"
            else
                __fish_complete_directories "$current" ''
            end
        case '*p9doctor'
            __p9_address "$current"
    end
end

for tool in p9ls p9cat p9cp p9ctl p9sh p9fuse p9serve p9proxy p9doctor
    complete -c $tool -f -a '(__p9_complete)'
end
