# A local-only program. It notes what it was given, and answers, on both streams and with its exit code, by what is local-only.
{ echo "argv: $*"; echo "env: $SECRET"; printf 'stdin: '; cat; echo; } >> vault/tool.txt
cat private/tool.out
cat private/tool.err >&2
exit "$(cat private/tool.exit)"
