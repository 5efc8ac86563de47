//! `headwater import`, run as a person runs it against a real server.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]
#![allow(dead_code, reason = "the other test binaries use the rest of the server's module")]

mod server;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use server::{HEADWATER, Server, init};

/// A server, and a directory with files to import.
struct Office {
    server: Server,
    home: tempfile::TempDir,
}

impl Office {
    fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let storage = ["--data".as_ref(), data.as_os_str()];
        let made = init(storage, "GigaKick");
        std::fs::write(home.path().join("keys.json"), made.to_string()).unwrap();
        Self { server: Server::start(storage), home }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(HEADWATER);
        command.args(arguments).env_clear().current_dir(self.home.path());
        command.env("HEADWATER_URL", format!("http://{}", self.server.address));
        command.env("HEADWATER_CREDENTIALS", self.home.path().join("keys.json")).stdin(Stdio::null());
        command
    }

    fn import(&self, arguments: &[&str]) -> Output {
        self.command(&[&["import"], arguments].concat()).output().unwrap()
    }

    /// Standard output and the exit code.
    fn told(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.import(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.code().is_some(), "{}", String::from_utf8_lossy(&output.stderr));
        (text, output.status.code().unwrap())
    }

    fn count(&self, what: &str) -> usize {
        let output = self.command(&[what, "list", "--all", "--json"]).output().unwrap();
        let pages = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        pages.map(|page| page.unwrap()["items"].as_array().unwrap().len()).sum()
    }
}

/// The totals without the time that it took.
fn totals(text: &str) -> String {
    let line = text.lines().find(|line| line.contains(" rows of ")).unwrap();
    let (what, rest) = line.split_once(" in ").unwrap();
    format!("{what}:{}", rest.split_once(':').unwrap().1)
}

#[test]
fn a_file_of_several_pieces_is_imported_and_importing_it_again_changes_nothing() {
    let office = Office::open();
    let mut text = "\u{feff}Customer ID;E-Mail;Name\r\n".to_owned();
    for number in 0..2_500 {
        write!(text, "c{number};c{number}@site.example;\"Name; {number}\"\r\n").unwrap();
    }
    office.file("customers.csv", &text);
    let (told, code) = office.told(&["customers", "customers.csv"]);
    assert_eq!(
        (totals(&told).as_str(), code),
        ("2500 rows of customers: 2500 created, 0 updated, 0 unchanged, 0 refused, 0 warnings", 0)
    );
    assert_eq!(office.count("customers"), 2_500);
    let (told, code) = office.told(&["customers", "customers.csv"]);
    assert_eq!(
        (totals(&told).as_str(), code),
        ("2500 rows of customers: 0 created, 0 updated, 2500 unchanged, 0 refused, 0 warnings", 0)
    );
    assert!(!office.home.path().join("customers.csv.rejected.csv").exists());
}

#[test]
fn refused_rows_go_into_a_file_which_is_corrected_and_imported() {
    let office = Office::open();
    let long = "x".repeat(40_000);
    let text = format!(
        "email,customer_key,name\na@site.example,a,A\nb,b,B\nc@site.example,\"c\"c,C\nd@site.example,d,{long}\n\
         e@site.example,e,\"E, the fifth\"\nf,f,F"
    );
    office.file("customers.csv", text);
    let (told, code) = office.told(&["customers", "customers.csv"]);
    let expected = "\
        line 3, email 'b': refused: email must have 4 to 255 characters, got 1\n\
        line 4: refused: text follows on a quoted cell; double a quote inside a text, and close each that opens; \
        a row may have swallowed those below it\n\
        line 5: refused: the row has more than 32768 bytes; shorten its texts; a quote that is never closed makes one row of \
        many lines\n\
        line 7, email 'f': refused: email must have 4 to 255 characters, got 1\n";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(
        totals(&told),
        "6 rows of customers: 2 created, 0 updated, 0 unchanged, 4 refused, 0 warnings"
    );
    assert!(
        told.ends_with(
            "refused rows with their reasons: customers.csv.rejected.csv; correct them and import that file\n"
        ),
        "{told}"
    );
    assert_eq!(code, 5);
    let kept = std::fs::read_to_string(office.home.path().join("customers.csv.rejected.csv")).unwrap();
    let expected = "email,customer_key,name,import_line,import_reason\r\n\
        b,b,B,3,\"email: email must have 4 to 255 characters, got 1\"\r\n\
        c@site.example,\"c\"c,C,4,\"text follows on a quoted cell\"\r\n\
        ,5,\"the row has more than 32768 bytes\"\r\n\
        f,f,F,7,\"email: email must have 4 to 255 characters, got 1\"\r\n";
    assert_eq!(kept, expected);
    let corrected: Vec<_> = kept.lines().filter(|line| !line.starts_with(',')).collect();
    let corrected =
        corrected.join("\n").replace("\nb,", "\nb@site.example,").replace("\nf,", "\nf@site.example,");
    office.file("corrected.csv", corrected.replace("\"c\"c", "cc"));
    let (told, code) = office.told(&["customers", "corrected.csv"]);
    assert_eq!(
        (totals(&told).as_str(), code),
        ("3 rows of customers: 3 created, 0 updated, 0 unchanged, 0 refused, 0 warnings", 0)
    );
    // The corrections may be in the first file of refused rows, so the second has another name.
    let (told, _) = office.told(&["customers", "customers.csv"]);
    assert!(told.contains("customers.csv.rejected.2.csv"), "{told}");
}

#[test]
fn a_dry_run_and_json_are_for_programs_and_the_careful() {
    let office = Office::open();
    office.file("customers.csv", "email,customer_key,favourite\na@site.example,a,red\nb,b,blue\n");
    let (told, code) =
        office.told(&["customers", "customers.csv", "--dry-run", "--json", "--rejected", "r.csv"]);
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), code), (2, 5), "{told}");
    assert_eq!((&lines[0]["line"], &lines[0]["code"]), (&3.into(), &"out_of_range".into()));
    assert_eq!(
        (&lines[1]["created"], &lines[1]["rejected"], &lines[1]["dry_run"]),
        (&1.into(), &1.into(), &true.into())
    );
    assert_eq!(office.count("customers"), 0);
    let output = office.import(&["customers", "customers.csv"]);
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(warned.contains("the column 'favourite' is not read"), "{warned}");
    assert_eq!(office.count("customers"), 1);
}

#[test]
fn standard_input_decimals_and_foreign_names_of_columns_are_said_by_options() {
    let office = Office::open();
    office.file("customers.csv", "email\nada@site.example\n");
    office.told(&["customers", "customers.csv"]);
    let mut child = office
        .command(&[
            "import",
            "transactions",
            "-",
            "--amounts",
            "decimal_comma",
            "--column",
            "Kunde=customer_email",
            "--column",
            "Betrag=amount",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("Kunde\tBetrag\tcurrency\nada@site.example\t19,90\tEUR\n".as_bytes())
        .unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(
        totals(&told),
        "1 rows of transactions: 1 created, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    );
}

#[test]
fn an_interrupted_import_goes_on_where_it_was() {
    let office = Office::open();
    office.file("customers.csv", "email\na@site.example\n\nb@site.example\nc@site.example\n");
    let (told, _) = office.told(&["customers", "customers.csv", "--from-line", "4"]);
    assert_eq!(
        totals(&told),
        "2 rows of customers: 2 created, 0 updated, 0 unchanged, 0 refused, 0 warnings"
    );
    let output = office
        .command(&[
            "import",
            "customers",
            "customers.csv",
            "--url",
            &format!("http://{}", office.server.address),
            "--test",
        ])
        .output()
        .unwrap();
    assert!(output.status.success());
    let wrong = office.file("wrong.json", r#"{"public_key":"pk_unknown","secret_key":"sk_unknown"}"#);
    let output = office.import(&["customers", "customers.csv", "--credentials", wrong.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("go on with --from-line 2") && told.contains("401"), "{told}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_before_anything_is_sent() {
    let office = Office::open();
    office.file("empty.csv", "");
    office.file("utf16.csv", b"\xff\xfee\0m\0a\0i\0l\0");
    office.file("columns.csv", "name\nAda\n");
    for (file, wanted) in [
        ("empty.csv", "the file is empty"),
        ("utf16.csv", "UTF-16"),
        ("columns.csv", "a file of customers needs a column email"),
        ("nowhere.csv", "cannot read nowhere.csv"),
    ] {
        let output = office.import(&["customers", file]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains(wanted), "{file}: {told}");
    }
    let output = office.import(&["orders", "empty.csv"]);
    assert_eq!(output.status.code(), Some(2));
}
