# Brings Debian packages that the tests need. Read by tests/run and by the test of the set-up (tests/tests/set_up.rs).
#
# Where the package manager can install them without taking a package away, it does. Everywhere else (a conflict with what is installed, no root, held or
# pinned packages) they are downloaded and unpacked below $packages_folder, with the libraries they need, and the system stays as it is.
# The caller sets $packages_folder and defines say() and stop(). $apt_status names another list of installed packages than the system's (for the test).

apt_status=${apt_status:-/var/lib/dpkg/status}

apt_get() { LC_ALL=C apt-get -o "Dir::State::status=$apt_status" ${apt_lists:+-o "Dir::State::lists=$apt_lists"} "$@"; }

is_root() { [ "$(id -u)" = 0 ]; }

can_be_root() { is_root || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# Package lists from the mirrors: into the system's folder as root, else into one of our own. Once in a run.
apt_update() {
    [ "${apt_is_updated:-no}" = no ] || return 0
    if can_be_root; then
        as_root apt-get -qq update
    else
        apt_lists=$packages_folder/lists
        mkdir -p "$apt_lists/partial"
        apt_get -qq -o "Dir::Cache=$packages_folder/cache" update
    fi
    apt_is_updated=yes
}

# Names of the packages that are installed, one line each.
installed_packages() {
    awk '/^Package: /{name=$2} /^Status: .* installed$/{print name}' "$apt_status" | sort -u
}

# Prints how packages come here: `install`, or `unpack: REASON`.
plan_packages() {
    local simulation removed
    if ! simulation=$(apt_get -s install --no-install-recommends "$@" 2>/dev/null); then
        echo "unpack: apt-get finds no way to install $*"
        return
    fi
    removed=$(printf '%s\n' "$simulation" | sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')
    if [ -n "$removed" ]; then
        echo "unpack: installing $* would remove ${removed% }"
    elif ! can_be_root; then
        echo "unpack: installing $* needs root"
    else
        echo install
    fi
}

# Prints the packages to unpack: those asked for and all they need, less what is installed.
packages_to_unpack() {
    # Asked of an empty system, apt-get names the whole closure, and no installed package stands in its way.
    LC_ALL=C apt-get -s -o Dir::State::status=/dev/null ${apt_lists:+-o "Dir::State::lists=$apt_lists"} \
        install --no-install-recommends "$@" 2>/dev/null |
        sed -n 's/^Inst \([^ ]*\).*/\1/p' | sort -u | comm -23 - <(installed_packages)
    # A package that is installed but whose program is missing is brought all the same.
    printf '%s\n' "$@"
}

unpack_packages() {
    local names root=$packages_folder/root archives=$packages_folder/archives archive
    mkdir -p "$root" "$archives"
    names=$(packages_to_unpack "$@" | sort -u | tr '\n' ' ')
    (cd "$archives" && apt_get -qq -o APT::Sandbox::User=root download $names >/dev/null) || stop "apt-get download failed for: $names"
    for archive in "$archives"/*.deb; do
        dpkg -x "$archive" "$root"
    done
    rm -r "$archives"
    say "unpacked under $root: $names"
}

# Brings packages. $? is 1 where this machine has no apt-get or the mirrors do not have them.
bring_packages() {
    command -v apt-get >/dev/null || return 1
    apt_update || return 1
    local plan
    plan=$(plan_packages "$@")
    if [ "$plan" = install ]; then
        say "installing with apt-get: $*"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@" >/dev/null
    else
        say "${plan#unpack: }; downloading and unpacking them instead"
        unpack_packages "$@"
    fi
}

# Makes the unpacked program PATH callable as $packages_folder/FOLDER/NAME, with the unpacked libraries. Does nothing if it was not unpacked.
wrap_program() {
    local folder=$packages_folder/$1 name=$2 root=$packages_folder/root path=$packages_folder/root/$3
    local libraries=$root/usr/lib/$(uname -m)-linux-gnu
    [ -x "$path" ] || return 0
    mkdir -p "$folder"
    cat >"$folder/$name" <<END
#!/bin/sh
export LD_LIBRARY_PATH='$libraries:$libraries/pulseaudio:$libraries/slurm-wlm:$root/lib/$(uname -m)-linux-gnu'
exec '$path' "\$@"
END
    chmod +x "$folder/$name"
}
