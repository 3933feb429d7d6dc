# Reads what `ctest --output-junit` wrote; prints the tests that were skipped or failed, by name, and as its last line
# "N passed, N failed, N skipped". ctest calls a test whose program is missing skipped; here it is failed.

function unescaped(text) {
    gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
    gsub(/&amp;/, "\\&", text)
    return text
}
function attribute(line, name,    start) {
    if (!match(line, " " name "=\"[^\"]*\"")) return ""
    start = RSTART + length(name) + 3
    return unescaped(substr(line, start, RLENGTH - length(name) - 4))
}

/^[ \t]*<testcase / {
    name = attribute($0, "name"); status = attribute($0, "status")
    message = ""; reason = ""; reason_follows = 0
}
/^[ \t]*<skipped / { message = attribute($0, "message") }

# GoogleTest prints "FILE:LINE: Skipped" and the reason on the lines after it; a script prints "SKIP: reason".
reason_follows && /^\[  SKIPPED \]/ { reason_follows = 0 }
reason_follows { reason = reason (reason == "" ? "" : " ") unescaped($0) }
/: Skipped$/ { reason_follows = 1 }
/SKIP: / { reason = unescaped(substr($0, index($0, "SKIP: ") + 6)) }

/^[ \t]*<\/testcase>/ {
    if (status == "run") passed++
    else if (status == "disabled" || (status == "notrun" && message ~ /^SKIP_/)) {
        skipped++
        print "skipped: " name ": " (status == "disabled" ? "disabled" : reason == "" ? "no reason given" : reason)
    } else {
        failed++
        print "failed: " name (message == "" ? "" : ": " message)
    }
}
END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }
