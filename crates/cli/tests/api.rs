//! The commands over the API, run as a person or a program runs them against a real server.
#![allow(clippy::unwrap_used, reason = "every file of it is a test")]
#![allow(dead_code, reason = "the other test binaries use the rest of the server's module")]

mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use server::{HEADWATER, Server, init};

struct Terminal {
    server: Server,
    home: tempfile::TempDir,
}

impl Terminal {
    fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let storage = ["--data".as_ref(), data.as_os_str()];
        let made = init(storage, "GigaKick");
        std::fs::create_dir_all(home.path().join("headwater")).unwrap();
        std::fs::write(profile(home.path()), made.to_string()).unwrap();
        Self { server: Server::start(storage), home }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(HEADWATER);
        command.args(line.split(' ')).env_clear().env("XDG_CONFIG_HOME", self.home.path());
        command.env("HEADWATER_URL", format!("http://{}", self.server.address));
        command.env("HEADWATER_PROFILE", "gigakick").stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Standard output of a command that succeeds.
    fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(&format!("{line} --json"))).unwrap()
    }

    /// Standard error of a command that fails.
    fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn profile(home: &Path) -> std::path::PathBuf {
    home.join("headwater").join("gigakick.json")
}

#[test]
fn a_program_is_run_from_the_command_line() {
    let terminal = Terminal::open();
    terminal
        .text("partnerships create --email robin@partner.example --partner-key robin --tags gold --tags eu");
    let robin = terminal.json("partnerships get robin");
    assert_eq!(robin["tags"], json!(["gold", "eu"]));
    terminal.text("customers create --email ada@site.example --customer-key gk_1 --partner-key robin");
    terminal.text("customers update gk_1 --name Ada");
    let table = terminal.text("customers list --columns customer_key,name,partner_key");
    assert_eq!(table, "customer_key  name  partner_key\ngk_1          Ada   robin\n");
    let paid = terminal
        .run("transactions create --amount 4900 --currency usd --customer-key gk_1 --subscription-key sub_1");
    let warned = String::from_utf8(paid.stderr).unwrap();
    assert!(paid.status.success() && warned.contains("subscription_key_unmatched"), "{warned}");
    let key = terminal.json("transactions list")["items"][0]["key"].as_str().unwrap().to_owned();
    terminal.text(&format!("transactions refund {key} --amount 900"));
    let shown = terminal.text(&format!("transactions get {key}"));
    assert!(shown.contains("amount                 49.00 USD\n"), "{shown}");
    // The administrator's token is used where an operation takes no other.
    assert_eq!(terminal.json("program update --name Gigakick")["name"], "Gigakick");
    // The test pair has its own records.
    assert_eq!(terminal.text("customers list --test"), "nothing\n");
}

#[test]
fn a_body_may_come_from_a_file_and_single_options_replace_its_members() {
    let terminal = Terminal::open();
    let file = terminal.home.path().join("customer.json");
    std::fs::write(
        &file,
        r#"{"email": "ada@site.example", "customer_key": "gk_1", "meta": {"plan": "pro"}}"#,
    )
    .unwrap();
    let made = terminal.json(&format!("customers create --customer-key gk_2 --body {}", file.display()));
    assert_eq!((&made["customer_key"], &made["meta"]["plan"]), (&json!("gk_2"), &json!("pro")));
    let trigger = r#"{"type":"commission_percent","percent":"10"}"#;
    let made = terminal.json(&format!(
        "triggers create --name ten --offer-description ten --event transaction_created --action {trigger}"
    ));
    assert_eq!(made["action"]["percent"], "10");
    let told = terminal.refused("triggers create --name ten --action {");
    assert!(told.contains("--action must be JSON"), "{told}");
}

#[test]
fn all_pages_of_a_list_are_followed() {
    let terminal = Terminal::open();
    for number in 0..7 {
        terminal.text(&format!("customers create --email c{number}@site.example --customer-key c{number}"));
    }
    let lines = terminal.text("customers list --all --limit 3 --order-by created_at --columns customer_key");
    let keys: Vec<_> = lines.lines().filter(|line| *line != "customer_key").collect();
    assert_eq!(keys, ["c0", "c1", "c2", "c3", "c4", "c5", "c6"]);
}

#[test]
fn an_error_says_what_is_wrong_and_the_way_out() {
    let terminal = Terminal::open();
    for (line, wanted) in [
        ("customers get nobody", "headwater: 404: no customer is called 'nobody'"),
        ("customers create --customer-key c1", "headwater: 400: email must have 4 to 255 characters, got 0"),
        ("customers list --credentials nowhere.json --profile x", "cannot be used with"),
        ("customers list --profile ../x", "a profile is a name, not a path"),
        ("customers list --profile nobody", "nobody.json"),
        ("customers lst", "tip: a similar subcommand exists: 'list'"),
        ("customers list --url http://127.0.0.1:1", "unreachable"),
    ] {
        let told = terminal.refused(line);
        assert!(told.contains(wanted), "{line}: {told}");
    }
    let told = terminal.command("customers list").env_remove("HEADWATER_PROFILE").output().unwrap().stderr;
    assert!(String::from_utf8(told).unwrap().contains("--credentials FILE"));
}

#[test]
fn completions_and_manual_pages_name_the_commands_of_the_api() {
    let terminal = Terminal::open();
    assert!(terminal.text("completions bash").contains("headwater__subcmd__customers"));
    let directory = terminal.home.path().join("man");
    terminal.text(&format!("man {}", directory.display()));
    let page = std::fs::read_to_string(directory.join("headwater-customers-create.1")).unwrap();
    assert!(page.contains("customer"), "{page}");
}

#[test]
fn payments_whose_subscription_no_product_has_are_found_with_the_likely_cause() {
    let terminal = Terminal::open();
    terminal.text("product-book create --name Inbox --key pbook_inbox");
    terminal.text("customers create --email ada@site.example --customer-key gk_1");
    terminal.text(
        "products create --customer-key gk_1 --product-book-key pbook_inbox --status active \
         --external-subscription-key Sub_Inbox",
    );
    let pay = |key: &str, more: &str| {
        let line = "transactions create --amount 4900 --currency usd --customer-key gk_1 --key";
        terminal.text(format!("{line} {key} {more}").trim_end());
    };
    pay("linked_1", "--subscription-key Sub_Inbox");
    pay("other_1", "");
    let verify = "verify --settle-minutes 0";
    let told = terminal.text(verify);
    assert_eq!(
        told,
        "payments of 24 hours: 1 linked to their product, 0 linked to none, 1 without a subscription\n"
    );
    pay("case_1", "--subscription-key sub_inbox");
    // The text that a sender gives as product_key is no link.
    pay("text_1", "--subscription-key sub_other --product-key inbox");
    let found = terminal.run(verify);
    let told = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(4), "{told}");
    assert!(told.contains("differs only in case from 'Sub_Inbox'"), "{told}");
    assert!(told.contains("text_1") && !told.contains("linked_1 "), "{told}");
    let found = terminal.run(&format!("{verify} --json"));
    let said: Value = serde_json::from_slice(&found.stdout).unwrap();
    let keys: Vec<_> = said["mismatches"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
    assert_eq!(keys, [&json!("text_1"), &json!("case_1")]);
    // Payments that were made just now are left out by default.
    assert!(terminal.text("verify").starts_with("payments of 24 hours: 0 linked"));
}
