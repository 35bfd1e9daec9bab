//! `aegis doctor`.

use std::path::Path;
use std::process::ExitCode;

use aegis_policy::{ChildNetwork, Confine, Policy};
use aegis_sandbox::confine::Machine;

use crate::cli::Doctor;
use crate::home::Start;
use crate::{chosen, exit};

/// Says what this machine gives for confinement, and whether the policy's demands can be kept. Exit 0 if they can, else 5.
pub(crate) fn doctor(args: &Doctor, start: &Start) -> ExitCode {
    let policy = match chosen::choose(args.policy.policy.as_deref(), start, &start.surroundings()) {
        Ok(chosen) => chosen.policy,
        Err(error) => return exit::failure(&error),
    };
    let machine = Machine::probe();
    let confine = policy.settings().confine;
    let can_hold = machine.can_hold();
    let is_kept = can_hold.is_ok() || confine != Confine::Required;
    if args.json {
        let object = serde_json::json!({
            "kernel": machine.kernel,
            "namespaces": machine.namespaces.is_ok(), "judged_changes": machine.judged_changes.is_ok(),
            "landlock": machine.landlock, "own_proc": machine.own_proc,
            "missing": can_hold.as_ref().err(), "ways_out": ways_out(&machine), "confine": confine.word(), "kept": is_kept,
        });
        say!("{object}");
    } else {
        show(&machine);
        verdict(&policy, &can_hold);
    }
    if is_kept { ExitCode::SUCCESS } else { ExitCode::from(exit::FAILURE) }
}

fn show(machine: &Machine) {
    let answer = |had: &Result<(), String>, what: &str| match had {
        Ok(()) => format!("yes: {what}"),
        Err(why) => format!("no: {}", aegis_gate::escaped(why)),
    };
    say!("kernel           Linux {}", machine.kernel);
    say!("namespaces       {}", answer(&machine.namespaces, "a command sees only what is granted, and leaves nothing running"));
    say!("judged changes   {}", answer(&machine.judged_changes, "each change of a file is judged and done for the command"));
    match machine.landlock {
        Some(version) => say!("Landlock         yes, version {version}: a second layer over files, signals and abstract sockets"),
        None => say!("Landlock         no: namespaces and judged changes hold alone"),
    }
    if machine.namespaces.is_ok() {
        let own = "yes: commands see their own processes";
        say!(
            "own /proc        {}",
            if machine.own_proc { own } else { "no, a container hides parts of it: commands see its list of processes" }
        );
    }
    for way_out in ways_out(machine) {
        say!("  way out: {way_out}");
    }
}

/// Switches of this system that may be what is in the way.
fn ways_out(machine: &Machine) -> Vec<&'static str> {
    /// A file, the content that forbids user namespaces, and what to do.
    const SWITCHES: [(&str, &str, &str); 3] = [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "an AppArmor profile for aegis with the line `userns,`, or sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ];
    if machine.namespaces.is_ok() {
        return Vec::new();
    }
    let is_set = |(path, content, _): &&(&str, &str, &str)| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == *content);
    let mut ways: Vec<&str> = SWITCHES.iter().filter(is_set).map(|(_, _, way)| *way).collect();
    if ways.is_empty() && (Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists()) {
        ways.push("this is a container: its seccomp profile has to allow user namespaces (docker run --security-opt seccomp=unconfined, or a profile with clone and unshare)");
    }
    ways
}

fn verdict(policy: &Policy, can_hold: &Result<(), String>) {
    let confine = policy.settings().confine;
    let said = format!("[subprocess].confine = \"{}\"", confine.word());
    match (confine, can_hold) {
        (Confine::Off, _) => say!("{said}: commands of scripts run unconfined, and aegis exec runs none"),
        (_, Ok(())) => say!("{said}: kept; commands run confined"),
        (Confine::Auto, Err(_)) => say!("{said}: commands of scripts run unconfined here, and say so; aegis exec runs none"),
        (Confine::Required, Err(_)) => say!("{said}: cannot be kept here, so no command runs"),
    }
    if policy.settings().child_network == ChildNetwork::Proxy && can_hold.is_ok() {
        say!("[subprocess].network = \"proxy\": kept; commands reach the policy's hosts through Aegis alone");
    }
}
