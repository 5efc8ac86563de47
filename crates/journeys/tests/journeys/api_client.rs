//! The npm package's API client, `headwater/api`, in a browser against a real server.

use std::path::Path;

use serde_json::json;

use crate::browser::Browser;
use crate::stage::Headwater;

/// The client as one module, which the page imports from an address of its own making.
fn module() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg/api");
    let read = |name: &str| {
        let path = package.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let import = "import { operations } from './operations.js';\n";
    let client = read("index.js");
    assert!(client.contains(import), "the client imports its operations");
    read("operations.js") + &client.replace(import, "")
}

/// Runs `steps` on a page, with `client`, `HeadwaterError` and `sent`, the requests so far, in scope.
async fn run(browser: &Browser, headwater: &Headwater, steps: &str) -> serde_json::Value {
    let options = json!({
        "url": headwater.url,
        "publicKey": headwater.credential("public_key"),
        "secretKey": headwater.credential("secret_key"),
    });
    let script = format!(
        "const done = arguments[0];
        const blob = new Blob([{module}], {{ type: 'text/javascript' }});
        import(URL.createObjectURL(blob)).then(async ({{ Headwater, HeadwaterError }}) => {{
            const sent = [];
            let refuse = 0;
            const send = (url, init) => {{
                sent.push([init.method, init.headers['Idempotency-Key'] ?? null]);
                if (refuse > 0) {{
                    refuse -= 1;
                    return Promise.resolve(new Response('busy', {{ status: 503 }}));
                }}
                return fetch(url, init);
            }};
            const client = new Headwater({{ ...{options}, fetch: send }});
            {steps}
        }}).then(done, (error) => done(`${{error.stack}}`));",
        module = json!(module()),
    );
    browser.ask_later(&script).await
}

#[tokio::test]
async fn the_api_client_makes_reads_lists_and_names_what_was_refused() {
    let headwater = Headwater::open().await;
    let browser = Browser::open().await;
    browser.open_page(&format!("{}/api/docs", headwater.url)).await;
    let steps = "
        await client.createPartnership({ email: 'robin@partner.example', partner_key: 'robin' });
        for (const name of ['a', 'b', 'c']) {
            await client.createCustomer({ email: `${name}@site.example`, customer_key: name, partner_key: 'robin' });
        }
        const { data, warnings } = await client.createTransaction(
            { amount: 4900, currency: 'USD', customer_key: 'a', subscription_key: 'none' });
        const keys = [];
        for await (const customer of client.all('listCustomers', { limit: 2, order_by: 'created_at' })) {
            keys.push(customer.customer_key);
        }
        const refused = await client.getCustomer('nobody/else').catch((error) => error);
        refuse = 2;
        const before = sent.length;
        await client.createGroup({ name: 'Gold' });
        const repeated = sent.slice(before);
        return {
            amount: data.amount, warning: warnings[0].code, keys,
            refused: [refused instanceof HeadwaterError, refused.status, refused.code],
            repeated: [repeated.length, new Set(repeated.map(([, key]) => key)).size],
        };";
    let outcome = run(&browser, &headwater, steps).await;
    let expected = json!({
        "amount": 4900, "warning": "subscription_key_unmatched", "keys": ["a", "b", "c"],
        "refused": [true, 404, "customer_not_found"],
        "repeated": [3, 1],
    });
    assert_eq!(outcome, expected);
}
