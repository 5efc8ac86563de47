//! One method for each request of API v2 (api.md sections 3 to 5). Keys in paths are percent-encoded; `idem`
//! is the `Idempotency-Key`: the same key and body again give the first answer.

use headwater_protocol::referral::percent_encode;
use headwater_protocol::v2::{
    Click, Conversion, ConversionResult, CreateCustomer, CreateGroup, CreateLink, CreatePartnership,
    CreateProduct, CreateProductBook, CreateRefund, CreateTransaction, CreateTrigger, Customer, Envelope,
    Group, ImportKind, ImportReport, Link, List, PartnerToken, Partnership, Product, ProductBook, Program,
    Reward, Transaction, Trigger, UpdateCustomer, UpdateProduct, UpdateProgram,
};
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::Call;
use crate::{Client, ClientError};

/// Names and values of a list's query, unencoded: `&[("limit", "250"), ("customer_key", key)]`.
pub type Query<'a> = &'a [(&'a str, &'a str)];

type EnvelopeResult<T> = Result<Envelope<T>, ClientError>;
type ListResult<T> = EnvelopeResult<List<T>>;

impl Client {
    /// Turns a click into a customer. Signs in with the tracking token where the credential has one. Any 2xx is a
    /// success: a body that is not our envelope becomes the outcome `accepted`, because hosted PartnerStack answers
    /// with a body of its own.
    pub async fn conversion(
        &self,
        conversion: &Conversion,
        idem: Option<&str>,
    ) -> EnvelopeResult<ConversionResult> {
        let mut call = post("/conversion/xid".to_owned(), conversion, idem);
        call.conversion = true;
        let body = self.send(call).await?;
        Ok(serde_json::from_slice(&body).unwrap_or_else(|_| Envelope {
            data: ConversionResult { outcome: "accepted".to_owned(), customer_key: None },
            message: "accepted".to_owned(),
            status: 200,
            warnings: Vec::new(),
        }))
    }

    /// Any request of the API, for callers that know it from its `OpenAPI` document. `path` begins with a slash and is
    /// encoded, query included.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        idem: Option<&str>,
    ) -> EnvelopeResult<Value> {
        let body = body.map(|body| body.to_string().into_bytes());
        self.call(Call {
            method,
            path: path.to_owned(),
            idempotency_key: idem,
            body,
            csv: false,
            conversion: false,
        })
        .await
    }

    /// Imports the rows of a CSV file of at most [`IMPORT_BODY_MAX`](headwater_protocol::limits::IMPORT_BODY_MAX) bytes.
    pub async fn import(
        &self,
        kind: ImportKind,
        query: Query<'_>,
        file: Vec<u8>,
    ) -> EnvelopeResult<ImportReport> {
        let path = format!("/api/v2/imports/{}{}", kind.name(), query_text(query));
        self.call(Call { method: Method::POST, csv: true, body: Some(file), ..get(path) }).await
    }

    /// Makes a customer; an existing `customer_key` is refused with `customer_exists`.
    pub async fn create_customer(
        &self,
        customer: &CreateCustomer,
        idem: Option<&str>,
    ) -> EnvelopeResult<Customer> {
        self.create("/customers", customer, idem).await
    }

    /// Changes a customer, by our key, the site's own, or a unique address.
    pub async fn update_customer(&self, key: &str, change: &UpdateCustomer) -> EnvelopeResult<Customer> {
        self.update(&format!("/customers/{}", percent_encode(key)), change).await
    }

    /// One customer, by our key, the site's own, or a unique address.
    pub async fn customer(&self, key: &str) -> EnvelopeResult<Customer> {
        self.call(get(format!("/api/v2/customers/{}", percent_encode(key)))).await
    }

    /// Customers, newest first.
    pub async fn list_customers(&self, query: Query<'_>) -> ListResult<Customer> {
        self.list("/customers", query).await
    }

    /// Records that a customer has a product; the same subscription again updates it.
    pub async fn create_product(
        &self,
        product: &CreateProduct,
        idem: Option<&str>,
    ) -> EnvelopeResult<Product> {
        self.create("/products", product, idem).await
    }

    /// Changes a product, by our key or its `external_subscription_key`.
    pub async fn update_product(&self, key: &str, change: &UpdateProduct) -> EnvelopeResult<Product> {
        self.update(&format!("/products/{}", percent_encode(key)), change).await
    }

    /// Products of customers, newest first.
    pub async fn list_products(&self, query: Query<'_>) -> ListResult<Product> {
        self.list("/products", query).await
    }

    /// Adds an entry to the catalogue.
    pub async fn create_product_book(&self, entry: &CreateProductBook) -> EnvelopeResult<ProductBook> {
        self.create("/product_book", entry, None).await
    }

    /// The catalogue.
    pub async fn list_product_books(&self, query: Query<'_>) -> ListResult<ProductBook> {
        self.list("/product_book", query).await
    }

    /// Records a payment.
    pub async fn create_transaction(
        &self,
        transaction: &CreateTransaction,
        idem: Option<&str>,
    ) -> EnvelopeResult<Transaction> {
        self.create("/transactions", transaction, idem).await
    }

    /// Refunds a payment, in part or in full.
    pub async fn refund_transaction(
        &self,
        key: &str,
        refund: &CreateRefund,
        idem: Option<&str>,
    ) -> EnvelopeResult<Transaction> {
        self.create(&format!("/transactions/{}/refund", percent_encode(key)), refund, idem).await
    }

    /// Refunds a payment in full.
    pub async fn delete_transaction(&self, key: &str) -> EnvelopeResult<Transaction> {
        let path = format!("/api/v2/transactions/{}", percent_encode(key));
        self.call(Call { method: Method::DELETE, ..get(path) }).await
    }

    /// Payments, newest first.
    pub async fn list_transactions(&self, query: Query<'_>) -> ListResult<Transaction> {
        self.list("/transactions", query).await
    }

    /// What partners earned, newest first.
    pub async fn list_rewards(&self, query: Query<'_>) -> ListResult<Reward> {
        self.list("/rewards", query).await
    }

    /// Adds a partner to the program.
    pub async fn create_partnership(&self, partner: &CreatePartnership) -> EnvelopeResult<Partnership> {
        self.create("/partnerships", partner, None).await
    }

    /// The program's partners.
    pub async fn list_partnerships(&self, query: Query<'_>) -> ListResult<Partnership> {
        self.list("/partnerships", query).await
    }

    /// A new token for the partner's own view; the one before stops working.
    pub async fn create_partner_token(&self, key: &str) -> EnvelopeResult<PartnerToken> {
        self.create(&format!("/partnerships/{}/token", percent_encode(key)), &NoMembers {}, None).await
    }

    /// Makes a group of partners.
    pub async fn create_group(&self, group: &CreateGroup) -> EnvelopeResult<Group> {
        self.create("/groups", group, None).await
    }

    /// The program's groups.
    pub async fn list_groups(&self, query: Query<'_>) -> ListResult<Group> {
        self.list("/groups", query).await
    }

    /// Makes a partner's link.
    pub async fn create_link(&self, link: &CreateLink) -> EnvelopeResult<Link> {
        self.create("/links", link, None).await
    }

    /// A partner's links, by `part_…`, partner key or address.
    pub async fn list_links(&self, partnership_key: &str, query: Query<'_>) -> ListResult<Link> {
        self.list(&format!("/links/partnership/{}", percent_encode(partnership_key)), query).await
    }

    /// Clicks, newest first.
    pub async fn list_clicks(&self, query: Query<'_>) -> ListResult<Click> {
        self.list("/clicks", query).await
    }

    /// Adds a trigger, last in the order of evaluation.
    pub async fn create_trigger(&self, trigger: &CreateTrigger) -> EnvelopeResult<Trigger> {
        self.create("/triggers", trigger, None).await
    }

    /// The program's triggers.
    pub async fn list_triggers(&self, query: Query<'_>) -> ListResult<Trigger> {
        self.list("/triggers", query).await
    }

    /// The program's settings; needs the administrator's token.
    pub async fn program(&self) -> EnvelopeResult<Program> {
        self.call(get("/api/v2/program".to_owned())).await
    }

    /// Changes the program's settings; needs the administrator's token.
    pub async fn update_program(&self, change: &UpdateProgram) -> EnvelopeResult<Program> {
        self.update("/program", change).await
    }

    async fn create<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        idem: Option<&str>,
    ) -> EnvelopeResult<T> {
        self.call(post(format!("/api/v2{path}"), body, idem)).await
    }

    async fn update<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> EnvelopeResult<T> {
        let call = post(format!("/api/v2{path}"), body, None);
        self.call(Call { method: Method::PATCH, ..call }).await
    }

    async fn list<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> ListResult<T> {
        self.call(get(format!("/api/v2{path}{}", query_text(query)))).await
    }
}

/// A request without members is still a JSON object.
#[derive(Serialize)]
struct NoMembers {}

fn post<'a>(path: String, body: &impl Serialize, idempotency_key: Option<&'a str>) -> Call<'a> {
    let body = serde_json::to_vec(body).expect("wire types have text keys and finite numbers");
    Call { method: Method::POST, path, idempotency_key, body: Some(body), csv: false, conversion: false }
}

fn get(path: String) -> Call<'static> {
    Call { method: Method::GET, path, idempotency_key: None, body: None, csv: false, conversion: false }
}

fn query_text(query: Query<'_>) -> String {
    let mut text = String::new();
    for (name, value) in query {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(&percent_encode(name));
        text.push('=');
        text.push_str(&percent_encode(value));
    }
    text
}
