//! Files of rows: what is taken, what is refused and how it is told, and that the same file changes nothing twice.

use std::fmt::Write as _;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use headwater_protocol::limits::{IMPORT_BODY_MAX, IMPORT_ROWS_MAX, IMPORT_STEP};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::test_ledger::{Reply, TestLedger, text};

impl TestLedger {
    /// Sends a file with the production key pair.
    async fn upload(&self, kind: &str, file: impl Into<Vec<u8>>) -> Reply {
        self.upload_as(&self.production(), kind, "text/csv", file).await
    }

    async fn upload_as(&self, whose: &str, kind: &str, media: &str, file: impl Into<Vec<u8>>) -> Reply {
        let request = Request::post(format!("/api/v2/imports/{kind}"))
            .header(header::AUTHORIZATION, whose)
            .header(header::CONTENT_TYPE, media)
            .body(Body::from(file.into()))
            .unwrap();
        self.send(request).await
    }

    /// Created, updated, unchanged and rejected rows of an import.
    async fn import(&self, kind: &str, file: &str) -> [u64; 4] {
        counts(&self.upload(kind, file).await.data())
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let page = self.get(&format!("/api/v2/{path}")).await.data();
        page["items"].as_array().unwrap().clone()
    }
}

fn counts(report: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "rejected"].map(|name| report[name].as_u64().unwrap())
}

/// A report as text, a problem on each line.
fn written(report: &Value) -> String {
    let mut text =
        format!("{} rows: {:?} created, updated, unchanged, rejected\n", report["rows"], counts(report));
    for column in report["ignored_columns"].as_array().unwrap() {
        writeln!(text, "ignored {} ({})", column["name"], column["nearest"]).unwrap();
    }
    for problem in report["problems"].as_array().unwrap() {
        let kind = if problem["rejected"] == true { "" } else { "warning: " };
        writeln!(
            text,
            "{kind}line {} row {}, {} {}\n  {}: {}\n  {}",
            problem["line"],
            problem["row"],
            problem["column"],
            problem["value"],
            text_of(problem, "code"),
            text_of(problem, "message"),
            text_of(problem, "hint")
        )
        .unwrap();
    }
    text.replace("  \n", "")
}

fn text_of(problem: &Value, member: &str) -> String {
    text(&problem[member])
}

#[tokio::test]
async fn a_file_of_every_mistake_is_told_row_by_row_and_all_other_rows_are_taken() {
    let shop = Shop::open().await;
    shop.sell("Live Chat", "sub_chat", json!({})).await;
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/imports");
    let file = std::fs::read(place.join("every_mistake.csv")).unwrap();
    let reply = shop.ledger.upload("transactions", file.clone()).await;
    let found = written(&reply.data());
    let expected = std::fs::read_to_string(place.join("every_mistake.txt")).unwrap_or_default();
    if found != expected {
        let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join("every_mistake.txt");
        std::fs::write(&at, &found).unwrap();
        panic!("the report has changed: compare, then copy {}\n{found}", at.display());
    }
    let taken = shop.ledger.items("transactions?order_by=created_at").await;
    let mut keys: Vec<_> = taken.iter().map(|item| text(&item["key"])).collect();
    keys.sort();
    assert_eq!(keys, ["inv_1001", "inv_1016", "inv_1031", "inv_1032"]);
    assert_eq!(
        shop.ledger.items("rewards").await[0]["amount"],
        490,
        "an imported payment earns as any other"
    );
    let again = shop.ledger.upload("transactions", file).await.data();
    assert_eq!(counts(&again)[..3], [0, 0, 5], "{again}");
    assert_eq!(shop.ledger.items("transactions").await.len(), 4);
    assert_eq!(shop.ledger.check().await, Vec::<String>::new());
}

const PARTNERS: &str = "Email,Partner,First Name,Tags,Country\nr@partner.example,robin,Robin,gold;eu,CA\n";
const CUSTOMERS: &str = "customer_id,email,name,partner_key,stripe_customer_id,meta.plan\n\
                         gk_1,ada@site.example,Ada,robin,cus_stripe_1,pro\ngk_2,bob@site.example,Bob,,,\n";
const PRODUCTS: &str = "product,customer_id,status,subscription_id,price,currency\n\
                        book/Live Chat,gk_1,Active,sub_1,4900,USD\n";
const PAYMENTS: &str = "invoice_id,customer_id,amount,currency,subscription_id,date\n\
                        in_01,gk_1,4900,USD,sub_1,2026-02-01\nin_02,gk_2,100,JPY,,2026-02-02\n";
const REWARDS: &str = "partner_key,amount,description\nrobin,500,Welcome\n";
const LEADS: &str = "email,company,partner_key,external_id,meta.size\nlee@lead.example,Lee Ltd,robin,l1,9\n";
const DEALS: &str =
    "account,amount,currency,close_date,partner,external_key\nBig Ltd,100000,EUR,2026-12-01,robin,d1\n";
const ALL: [(&str, &str, u64); 7] = [
    ("partnerships", PARTNERS, 1),
    ("customers", CUSTOMERS, 2),
    ("products", PRODUCTS, 1),
    ("transactions", PAYMENTS, 2),
    ("rewards", REWARDS, 1),
    ("leads", LEADS, 1),
    ("deals", DEALS, 1),
];

#[tokio::test]
async fn every_kind_is_made_and_the_same_file_again_changes_nothing() {
    let shop = Shop::open().await;
    for (kind, file, rows) in ALL {
        assert_eq!(shop.ledger.import(kind, file).await, [rows, 0, 0, 0], "{kind}");
    }
    let before = everything(&shop.ledger).await;
    shop.ledger.pass(1000);
    for (kind, file, rows) in ALL {
        assert_eq!(shop.ledger.import(kind, file).await, [0, 0, rows, 0], "{kind} again");
    }
    assert_eq!(everything(&shop.ledger).await, before);
    let ada = shop.ledger.get("/api/v2/customers/gk_1").await.data();
    let shown = ["source_type", "source", "partner_key", "provider_key"].map(|name| text(&ada[name]));
    assert_eq!(shown, ["import", "vendor", "robin", "cus_stripe_1"]);
    let paid = shop.ledger.get("/api/v2/transactions/in_01").await.data();
    assert_eq!((&paid["created_at"], paid["product_key"].is_string()), (&json!(1_769_904_000_000_i64), true));
    assert_eq!(shop.ledger.check().await, Vec::<String>::new());
}

/// Every object of every kind.
async fn everything(ledger: &TestLedger) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for (kind, _, _) in ALL {
        all.push(ledger.items(kind).await);
    }
    all
}

#[tokio::test]
async fn a_row_that_says_something_new_changes_its_object_and_nothing_else_of_it() {
    let shop = Shop::open().await;
    for (kind, file, _) in ALL {
        shop.ledger.import(kind, file).await;
    }
    for (kind, file) in [
        ("partnerships", "email,partner_key,address.city\nr@partner.example,robin,Ottawa\n"),
        ("customers", "email,customer_key,meta.seats\nada@new.example,gk_1,7\n"),
        (
            "products",
            "product_book_key,customer_key,status,external_subscription_key\nbook/Surveys,gk_1,churned,sub_1\n",
        ),
        ("leads", "email,partner_key,external_key,meta.colour\nlee@lead.example,robin,l1,red\n"),
        ("deals", "account_name,amount,partner_key,external_key\nBig Ltd,200000,robin,d1\n"),
    ] {
        assert_eq!(shop.ledger.import(kind, file).await, [0, 1, 0, 0], "{kind}");
        assert_eq!(shop.ledger.import(kind, file).await, [0, 0, 1, 0], "{kind} again");
    }
    let robin = shop.ledger.get("/api/v2/partnerships/robin").await.data();
    assert_eq!(
        (&robin["address"], &robin["first_name"]),
        (&json!({"country": "CA", "city": "Ottawa"}), &json!("Robin"))
    );
    let ada = shop.ledger.get("/api/v2/customers/gk_1").await.data();
    assert_eq!(
        (text(&ada["email"]), &ada["meta"]),
        ("ada@new.example".to_owned(), &json!({"plan": "pro", "seats": "7"}))
    );
    let product = shop.ledger.get("/api/v2/products/sub_1").await.data();
    assert_eq!((text(&product["status"]), &product["amount"]), ("churned".to_owned(), &json!(4900)));
    assert_eq!(shop.ledger.items("leads").await[0]["meta"], json!({"size": "9", "colour": "red"}));
    assert_eq!(shop.ledger.items("deals").await[0]["amount"], 200_000);
}

#[tokio::test]
async fn what_an_import_must_not_change_is_refused_or_told() {
    let shop = Shop::open().await;
    shop.ledger.partner("other").await;
    for (kind, file, _) in ALL {
        shop.ledger.import(kind, file).await;
    }
    let code = |report: Value| text(&report["problems"][0]["code"]);
    for (kind, file, expected) in [
        ("partnerships", "email,partner_key\nnew@partner.example,robin\n", "partnership_conflict"),
        ("transactions", "key,customer_key,amount,currency\nin_01,gk_1,1,USD\n", "transaction_conflict"),
        (
            "products",
            "product_book_key,customer_key,status,external_subscription_key\nbook/Surveys,gk_1,active,\n",
            "required",
        ),
    ] {
        let report = shop.ledger.upload(kind, file).await.data();
        assert_eq!((counts(&report), code(report)), ([0, 0, 0, 1], expected.to_owned()), "{kind}");
    }
    let named = |amount| format!("partner_key,amount,description,reference\nrobin,{amount},Welcome,w1\n");
    assert_eq!(shop.ledger.import("rewards", &named(500)).await, [1, 0, 0, 0]);
    let report = shop.ledger.upload("rewards", named(600)).await.data();
    assert_eq!(code(report), "reward_conflict");
    let report = shop
        .ledger
        .upload("customers", "email,customer_key,partner_key\nada@site.example,gk_1,other\n")
        .await
        .data();
    assert_eq!((counts(&report), &report["problems"][0]["rejected"]), ([0, 0, 1, 0], &json!(false)));
    assert_eq!(code(report), "partner_key_ignored");
    assert_eq!(text(&shop.ledger.get("/api/v2/customers/gk_1").await.data()["partner_key"]), "robin");
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let shop = Shop::open().await;
    let before = everything(&shop.ledger).await;
    let webhook = json!({"target": "https://hooks.example.com/x", "events": ["customer.created"]});
    shop.ledger.make("webhooks", &webhook).await;
    for (kind, file, rows) in [ALL[0], ("customers", "email,customer_key\na@site.example,a\nb,b\n", 1)] {
        let dry = shop.ledger.upload(&format!("{kind}?dry_run=true"), file).await.data();
        assert_eq!(dry["dry_run"], true);
        assert_eq!(counts(&dry)[0], rows, "{dry}");
        assert_eq!(everything(&shop.ledger).await, before, "{kind}");
    }
    for (kind, file, rows) in [ALL[0], ("customers", "email,customer_key\na@site.example,a\nb,b\n", 1)] {
        let dry = shop.ledger.upload(&format!("{kind}?dry_run=true"), file).await.data();
        let mut real = shop.ledger.upload(kind, file).await.data();
        assert_eq!((counts(&real)[0], &real["dry_run"]), (rows, &json!(false)));
        real["dry_run"] = json!(true);
        assert_eq!(real, dry, "{kind}");
    }
}

#[tokio::test]
async fn a_row_that_fails_late_undoes_itself_alone() {
    let shop = Shop::open().await;
    // A customer whom only a page knows is confirmed by the payment, before its key is found to be taken.
    let page = json!({"email": "eve@site.example", "customer_key": "eve", "partner_key": "referrer"});
    shop.ledger.send_as("page", "POST", "/api/v2/customers", &page).await.data();
    let mut file = "key,customer_key,amount,currency\npay_0,ada,1,USD\npay_0,eve,2,USD\n".to_owned();
    for number in 1..=2 * IMPORT_STEP {
        writeln!(file, "pay_{number},ada,{number},USD").unwrap();
    }
    let report = shop.ledger.upload("transactions", file).await.data();
    assert_eq!(counts(&report), [1 + 2 * IMPORT_STEP as u64, 0, 0, 1], "{report}");
    let problem = &report["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["row"], text_of(problem, "code")),
        (&json!(3), &json!(2), "transaction_conflict".to_owned())
    );
    let eve = shop.ledger.get("/api/v2/customers/eve").await.data();
    assert_eq!(eve["confirmed_at"], Value::Null, "what the refused row did besides is undone");
    assert_eq!(shop.ledger.check().await, Vec::<String>::new());
}

#[tokio::test]
async fn payments_without_a_name_count_once_by_what_they_say() {
    let shop = Shop::open().await;
    let file = "customer_key,amount,currency,date\nada,500,USD,2026-01-01\nada,500,USD,2026-01-02\n";
    assert_eq!(shop.ledger.import("transactions", file).await, [2, 0, 0, 0]);
    let turned = "date,currency,customer_key,amount\n2026-01-02,usd,ada,500\n2026-01-01,USD,ada,500\n2026-01-03,USD,ada,500\n";
    assert_eq!(shop.ledger.import("transactions", turned).await, [1, 0, 2, 0]);
}

#[tokio::test]
async fn the_query_says_how_a_file_is_written() {
    let shop = Shop::open().await;
    let path = "transactions?amounts=decimal_comma&delimiter=semicolon&column=Kunde=customer_key&column=Betrag=amount";
    let report = shop.ledger.upload(path, "Kunde;Betrag;currency\nada;19,90;EUR\n").await.data();
    assert_eq!(counts(&report), [1, 0, 0, 0], "{report}");
    assert_eq!(shop.ledger.items("transactions").await[0]["amount"], 1990);
    for (query, field) in [
        ("amounts=major", "amounts"),
        ("delimiter=,", "delimiter"),
        ("column=Kunde", "column"),
        ("dry_run=maybe", "dry_run"),
    ] {
        let reply = shop.ledger.upload(&format!("transactions?{query}"), PAYMENTS).await;
        assert_eq!(reply.error(), (400, "invalid_value".to_owned(), field.to_owned()));
    }
    let reply = shop.ledger.upload("customers?dryrun=true", "email\n").await;
    assert!(reply.text.contains("unknown_parameter") && reply.text.contains("dry_run"), "{}", reply.text);
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_changes_nothing_and_says_the_way_out() {
    let shop = Shop::open().await;
    let long = format!("email\n{}", "x".repeat(IMPORT_BODY_MAX));
    let many = format!("email,customer_key\n{}", "a@site.example,a\n".repeat(IMPORT_ROWS_MAX + 1));
    for (kind, file, expected) in [
        ("customers", String::new(), (400, "empty_file", "")),
        ("customers", "name\nAda\n".to_owned(), (400, "missing_column", "")),
        ("customers", "email,email\na,b\n".to_owned(), (400, "duplicate_column", "email")),
        ("customers", long, (413, "body_too_large", "")),
        ("customers", many, (413, "too_many_rows", "")),
        ("orders", "email\n".to_owned(), (400, "invalid_value", "kind")),
    ] {
        let reply = shop.ledger.upload(kind, file).await;
        let (status, code, field) = reply.error();
        assert_eq!((status, code.as_str(), field.as_str()), expected);
        assert!(!text_of(&reply.json(), "hint").is_empty(), "{}", reply.text);
    }
    assert_eq!(shop.ledger.items("customers").await.len(), 1);
    let exactly = format!("email,customer_key\n{}", "a@site.example,a\n".repeat(IMPORT_ROWS_MAX));
    let report = shop.ledger.upload("customers?dry_run=true", exactly).await.data();
    assert_eq!(report["rows"], IMPORT_ROWS_MAX);
}

#[tokio::test]
async fn a_file_is_the_companys_own_word_under_its_own_keys() {
    let shop = Shop::open().await;
    let ledger = &shop.ledger;
    let reply = ledger.upload_as(&ledger.production(), "customers", "application/pdf", CUSTOMERS).await;
    assert_eq!(reply.error().0, 415);
    let reply = ledger.upload_as(&ledger.test(), "partnerships", "text/csv", PARTNERS).await;
    assert_eq!(reply.error().1, "test_key_read_only");
    let partner = ledger.partner_token(&shop.partner).await;
    assert_eq!(ledger.upload_as(&partner, "customers", "text/csv", CUSTOMERS).await.status, 401);
    let request = Request::post("/api/v2/imports/customers")
        .header(header::AUTHORIZATION, ledger.production())
        .header(headwater_protocol::SOURCE_HEADER, "page")
        .body(Body::from(CUSTOMERS))
        .unwrap();
    assert_eq!(ledger.send(request).await.error().1, "claim_refused");
    ledger.import("partnerships", PARTNERS).await;
    let reply = ledger.upload_as(&ledger.test(), "customers", "application/vnd.ms-excel", CUSTOMERS).await;
    assert_eq!(counts(&reply.data()), [2, 0, 0, 0]);
    assert_eq!(ledger.items("customers").await.len(), 1, "test keys make test records");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Any rows of payments, bad ones among them, in any pieces and repeated in any way, leave the ledger as the
    /// whole file does.
    #[test]
    fn pieces_and_repetitions_of_a_file_leave_what_the_whole_leaves(
        amounts in prop::collection::vec((0_u8..30, -3_i64..900, any::<bool>()), 1..80),
        cuts in prop::collection::vec(0_usize..80, 0..6),
    ) {
        let rows: Vec<String> = amounts
            .iter()
            .map(|(key, amount, good)| format!("pay_{key},{},{amount},USD", if *good { "ada" } else { "eve" }))
            .collect();
        let file = |rows: &[String]| format!("key,customer_key,amount,currency\n{}\n", rows.join("\n"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome_of = |pieces: Vec<String>| {
            runtime.block_on(async {
                let shop = Shop::open().await;
                for piece in pieces {
                    shop.ledger.upload("transactions", piece).await.data();
                }
                let mut taken: Vec<_> = shop
                    .ledger
                    .items("transactions?limit=250")
                    .await
                    .iter()
                    .map(|item| (text(&item["key"]), item["amount"].clone()))
                    .collect();
                taken.sort_by(|one, other| one.0.cmp(&other.0));
                (taken, shop.ledger.check().await)
            })
        };
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            let to = cut.clamp(from, rows.len());
            pieces.push(file(&rows[from..to]));
            // Cut off before its answer came, and sent again.
            pieces.push(file(&rows[from..to]));
            from = to;
        }
        pieces.push(file(&rows[from..]));
        let whole = outcome_of(vec![file(&rows)]);
        prop_assert_eq!(&whole.1, &Vec::<String>::new());
        prop_assert_eq!(outcome_of(pieces), whole);
    }
}
