#!/bin/sh
# recipes.sh FILE.lua...: prints, as a Lua module, the texts of the files by their names.
set -eu
echo 'return {'
for file in "$@"; do
    name=$(basename "$file" .lua)
    printf '["%s"] = [=====[\n' "$name"
    cat "$file"
    echo ']=====],'
done
echo '}'
