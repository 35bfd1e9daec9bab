# A public program that tells all it was given: arguments, environment, standard input.
{ echo "$0 $*"; env; cat; } >> public/record.txt
