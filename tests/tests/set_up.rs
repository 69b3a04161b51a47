//! How `tests/run` brings packages: asked of apt-get with a list of installed packages that stands in the way, nothing is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use amlstm_tests::skip::skip;
use amlstm_tests::toolchain;

/// What the functions of `tests/packages.sh` print with `status` as the list of installed packages; nothing where there is no apt-get.
fn ask(status: &Path, command: &str) -> Option<String> {
    let has_lists = Command::new("sh")
        .args(["-c", "apt-cache show qemu-system-arm"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_lists {
        skip(None, "apt-get has no package lists on this machine");
        return None;
    }
    let script = format!("say() {{ :; }}; stop() {{ exit 9; }}; . tests/packages.sh; {command}");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("apt_status", status)
        .env("packages_folder", status.with_extension("packages"))
        .current_dir(toolchain::root())
        .output()
        .expect("bash starts");
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).expect("package names are ASCII"))
}

/// A list of installed packages: the system's own without QEMU, and one stanza more.
fn status_with(folder: &Path, stanza: &str) -> std::path::PathBuf {
    let installed = fs::read_to_string("/var/lib/dpkg/status").unwrap_or_default();
    let kept = installed
        .split("\n\n")
        .filter(|package| !package.starts_with("Package: qemu-"));
    let status = folder.join("status");
    let list: Vec<&str> = kept.chain([stanza]).collect();
    fs::write(&status, list.join("\n\n") + "\n").expect("a temporary folder can be written");
    status
}

/// A newer qemu-utils from elsewhere, as backports have it: it breaks the distribution's qemu-system-common.
const NEWER_QEMU_UTILS: &str = "Package: qemu-utils\nStatus: hold ok installed\nVersion: 1:99.0\nArchitecture: amd64\n\
    Maintainer: nobody\nDescription: newer than the distribution's\nBreaks: qemu-system-common (<< 1:98)";

#[test]
fn a_package_that_stands_in_the_way_stays_and_qemu_is_unpacked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let status = status_with(folder.path(), NEWER_QEMU_UTILS);
    let Some(plan) = ask(&status, "plan_packages qemu-system-arm") else {
        return;
    };
    assert!(plan.starts_with("unpack: "), "{plan}");
    let names = ask(&status, "packages_to_unpack qemu-system-arm").expect("asked before");
    for needed in ["qemu-system-arm", "qemu-system-common", "libfdt1"] {
        assert!(
            names.lines().any(|name| name == needed),
            "{needed} is missing in {names}"
        );
    }
    assert!(
        !names.lines().any(|name| name == "libc6"),
        "what is installed is not brought again"
    );
}

#[test]
fn without_anything_in_the_way_qemu_is_installed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let status = status_with(folder.path(), "");
    let Some(plan) = ask(&status, "plan_packages qemu-system-arm") else {
        return;
    };
    let expected = [
        "install\n",
        "unpack: installing qemu-system-arm needs root\n",
    ];
    assert!(expected.contains(&plan.as_str()), "{plan}");
}
