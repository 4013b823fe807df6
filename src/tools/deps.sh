#!/bin/sh
# deps.sh PACKAGE...: installs those that are missing, and starts no service.
set -eu
missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
    test "$status" = installed || missing="$missing $package"
done
test -n "$missing" || exit 0
echo "installing:$missing"

root=
test "$(id -u)" -eq 0 || root=sudo
if ! test -e /usr/sbin/policy-rc.d; then
    # How Debian is told not to start what a package brings along.
    printf '#!/bin/sh\nexit 101\n' | $root tee /usr/sbin/policy-rc.d > /dev/null
    $root chmod 755 /usr/sbin/policy-rc.d
    trap '$root rm -f /usr/sbin/policy-rc.d' EXIT
fi
$root apt-get update -q
# shellcheck disable=SC2086 # a list of words
$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
