//! The same on PostgreSQL: a real server of Debian's, which is started for it and ends with it.

use super::{World, accounts, audit, settings};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tandem_component::Secret;

/// Whom the server runs as where the tests are root's: PostgreSQL refuses root.
const NOBODY: u32 = 65534;

struct Server {
    directory: tempfile::TempDir,
    process: Child,
}

/// Where Debian keeps the programs, or where else they are found.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|p| p.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

fn command(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir(directory).stdin(Stdio::null());
    if directory.metadata().unwrap().uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("PostgreSQL is installed (make setup)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    fn start() -> Server {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let place = directory.path();
        if place.metadata().unwrap().uid() == 0 {
            chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let options = ["--auth=trust", "--username=tandem", "--encoding=UTF8", "--no-locale", "--no-sync"];
        run(command("initdb", place).arg("--pgdata").arg(place.join("data")).args(options));
        let mut server = command("postgres", place);
        server.arg("-D").arg(place.join("data")).arg("-k").arg(place);
        server.args(["-c", "listen_addresses=", "-c", "fsync=off"]).stderr(Stdio::piped());
        let mut process = server.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let is_ready =
            |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| line.contains("ready to accept"));
        assert!(log.any(|line| is_ready(&line)), "the server ended before it was ready");
        // Read on, or the server would wait for room to write.
        std::thread::spawn(move || log.for_each(drop));
        Server { directory, process }
    }

    /// A new database's address.
    fn database(&self, name: &str) -> Secret {
        let place = self.directory.path();
        run(command("createdb", place).arg("-h").arg(place).args(["-U", "tandem", name]));
        Secret::new(format!("postgres://tandem@localhost/{name}?host={}", place.display())).unwrap()
    }

    async fn world(&self, name: &str) -> World {
        let database = self.database(name);
        World::with(|config| config.database = Some(database)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let place = self.directory.path();
        let stop =
            command("pg_ctl", place).arg("-D").arg(place.join("data")).args(["-m", "immediate", "stop"]).output();
        drop(stop.and_then(|_| self.process.wait()));
    }
}

#[tokio::test]
async fn everything_on_postgres() {
    let server = Server::start();
    for (name, scenario) in accounts::ALL.iter().chain(audit::ALL).chain(settings::ALL) {
        println!("{name}");
        scenario(server.world(name).await).await;
    }
    sessions(&server).await;
}

/// What `main.rs` looks at as a whole, in short; and what is there is found again.
async fn sessions(server: &Server) {
    let database = server.database("sessions");
    let world = World::with(|config| config.database = Some(database.clone())).await;
    let (mut node, _sfu) = world.components().await;
    let made = world.session(&mut node).await;
    let mut customer = world.page().await;
    assert_eq!(customer.join_by(&made["customer_url"]).await["type"], "joined");
    let data = world.end().await;
    let world = World::again(data, |config| config.database = Some(database)).await;
    let path = format!("/sessions/{}", made["id"].as_str().unwrap());
    let (status, session) = world.api("GET", &path, serde_json::Value::Null).await;
    assert_eq!((status, &session["state"]), (200, &"failed".into()), "it does not outlive the process that led it");
}
