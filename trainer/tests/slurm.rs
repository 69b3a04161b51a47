//! The Slurm scripts of docs/slurm, run by a real Slurm: controller and one node daemon on this machine.
//!
//! Needs Debian's slurmctld, slurmd, slurm-client and munge, installed or unpacked by `tests/run`, and root to start them; skips where they are absent.

#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use skip::skip;

/// A Slurm of one node, ended when dropped.
struct Slurm {
    folder: PathBuf,
    daemons: Vec<Child>,
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The folder of packages where `tests/run` unpacked Slurm, if it did: Slurm looks for its parts where it would be installed.
fn unpacked() -> Option<PathBuf> {
    let controller = output("sh", &["-c", "command -v slurmctld"])?;
    let packages = Path::new(&controller).parent()?.parent()?;
    packages
        .join("root/usr/sbin/slurmctld-wlm")
        .is_file()
        .then(|| packages.to_owned())
}

impl Slurm {
    /// Starts munged, slurmctld and slurmd, or says why not.
    fn start(folder: &Path) -> Result<Self, String> {
        for program in ["munged", "slurmctld", "slurmd", "sbatch"] {
            let found = output(
                "sh",
                &["-c", &format!("PATH=$PATH:/usr/sbin command -v {program}")],
            );
            if found.is_none_or(|path| path.is_empty()) {
                return Err(format!("{program} is not installed; tests/run brings it"));
            }
        }
        if output("id", &["-u"]).as_deref() != Some("0") {
            return Err("slurmd needs root".to_owned());
        }
        let host = output("hostname", &["-s"]).ok_or("no host name")?;
        let place = |name: &str| folder.join(name).display().to_string();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
            .map_err(|e| e.to_string())?;
        for name in ["state", "spool"] {
            fs::create_dir_all(folder.join(name)).map_err(|error| error.to_string())?;
        }
        fs::write(folder.join("munge.key"), [7u8; 128]).map_err(|error| error.to_string())?;
        fs::set_permissions(folder.join("munge.key"), fs::Permissions::from_mode(0o400))
            .map_err(|error| error.to_string())?;
        let mut config = format!(
            "ClusterName=amlstm\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser=root\nSlurmdUser=root\n\
             AuthType=auth/munge\nAuthInfo=socket={munge}\nCredType=cred/munge\n\
             SlurmctldPort={controller}\nSlurmdPort={node}\nStateSaveLocation={state}\nSlurmdSpoolDir={spool}\n\
             SlurmctldPidFile={ctld}\nSlurmdPidFile={slurmd}\nProctrackType=proctrack/pgid\nTaskPlugin=task/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nMpiDefault=none\nReturnToService=2\n\
             AccountingStorageType=accounting_storage/none\nJobAcctGatherType=jobacct_gather/none\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=2\nPartitionName=all Nodes={host} Default=YES State=UP\n",
            munge = place("munge.socket"),
            controller = free_port(),
            node = free_port(),
            state = place("state"),
            spool = place("spool"),
            ctld = place("slurmctld.pid"),
            slurmd = place("slurmd.pid"),
        );
        let unpacked = unpacked();
        if let Some(packages) = &unpacked {
            let libraries = format!("root/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
            let plugins = packages.join(libraries).join("slurm-wlm");
            config.push_str(&format!("PluginDir={}\n", plugins.display()));
        }
        fs::write(folder.join("slurm.conf"), config).map_err(|error| error.to_string())?;
        let mut slurm = Self {
            folder: folder.to_owned(),
            daemons: Vec::new(),
        };
        let (socket, key) = (place("munge.socket"), place("munge.key"));
        let (pid, log, seed) = (place("munge.pid"), place("munge.log"), place("munge.seed"));
        slurm.daemon(
            "munged",
            &[
                "--foreground",
                "--force",
                "--socket",
                &socket,
                "--key-file",
                &key,
                "--pid-file",
                &pid,
                "--log-file",
                &log,
                "--seed-file",
                &seed,
            ],
        );
        slurm.wait_for("munge's socket", || folder.join("munge.socket").exists());
        slurm.daemon("slurmctld", &["-D"]);
        let step_daemon =
            unpacked.map(|packages| packages.join("bin/slurmstepd").display().to_string());
        let mut node = vec!["-D", "-N", &host];
        node.extend(step_daemon.iter().flat_map(|path| ["-d", path]));
        slurm.daemon("slurmd", &node);
        slurm.wait_for("an idle node", || {
            slurm.ask("sinfo", &["-h", "-o", "%T"]).starts_with("idle")
        });
        Ok(slurm)
    }

    fn daemon(&mut self, program: &str, arguments: &[&str]) {
        let log = fs::File::create(self.folder.join(format!("{program}.out"))).expect("a log");
        let daemon = Command::new("sh")
            .args([
                "-c",
                "export PATH=$PATH:/usr/sbin; exec \"$0\" \"$@\"",
                program,
            ])
            .args(arguments)
            .env("SLURM_CONF", self.folder.join("slurm.conf"))
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("a shell");
        self.daemons.push(daemon);
    }

    /// What a Slurm command prints.
    fn ask(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program)
            .args(arguments)
            .env("SLURM_CONF", self.folder.join("slurm.conf"))
            .env("PATH", path_with_amlstm())
            .output()
            .expect("installed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn wait_for(&self, what: &str, is_there: impl Fn() -> bool) {
        let started = Instant::now();
        while !is_there() {
            assert!(
                started.elapsed() < Duration::from_mins(3),
                "no {what}: {}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn logs(&self) -> String {
        let files = fs::read_dir(&self.folder).expect("a folder").flatten();
        let logs = files.filter(|file| file.path().extension().is_some_and(|end| end == "out"));
        logs.map(|file| fs::read_to_string(file.path()).unwrap_or_default())
            .collect()
    }
}

/// Jobs inherit the environment of sbatch.
fn path_with_amlstm() -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_amlstm"));
    let folder = binary.parent().expect("a folder").display();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

#[test]
fn the_slurm_scripts_train_shards_and_merge_them_to_the_run_in_one_piece() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let slurm = match Slurm::start(folder.path()) {
        Ok(slurm) => slurm,
        Err(why) => {
            skip(None, &why);
            return;
        }
    };
    let place = |name: &str| folder.path().join(name).display().to_string();
    let amlstm = |arguments: &[&str]| {
        let status = Command::new(env!("CARGO_BIN_EXE_amlstm"))
            .args(arguments)
            .status();
        assert!(status.expect("amlstm starts").success());
    };
    let (wells, config, out) = (place("wells"), place("config.toml"), place("out"));
    amlstm(&["synth", &wells, "--wells", "5"]);
    fs::write(
        &config,
        "[training]\nepochs = 5\npretrain = \"none\"\n\n[data]\ndrop_scenes = 2\n",
    )
    .expect("writes");
    amlstm(&[
        "train",
        &wells,
        "--config",
        &config,
        "--out",
        &place("whole"),
    ]);

    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/slurm");
    let [train, merge] =
        ["train.sbatch", "merge.sbatch"].map(|name| scripts.join(name).display().to_string());
    let log = place("job-%A-%a.out");
    let job = slurm.ask(
        "sbatch",
        &[
            "--parsable",
            "--array=1-2",
            "--cpus-per-task=1",
            "--output",
            &log,
            &train,
            &wells,
            &out,
            "--config",
            &config,
        ],
    );
    assert!(job.parse::<u32>().is_ok(), "{job}");
    let after = format!("--dependency=afterany:{job}");
    slurm.ask(
        "sbatch",
        &["--parsable", &after, "--output", &log, &merge, &out],
    );
    let merged = Path::new(&out).join("run/training.csv");
    slurm.wait_for("merged run", || merged.exists());

    for name in [
        "config.toml",
        "metrics.csv",
        "predictions.csv",
        "attention.csv",
        "training.csv",
    ] {
        let of = |run: &str| fs::read(Path::new(run).join(name)).expect("a finished run");
        assert!(
            of(&place("whole")) == of(&format!("{out}/run")),
            "{name} differs"
        );
    }
}
