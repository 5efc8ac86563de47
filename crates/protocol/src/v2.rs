//! The wire types of API v2: what a client sends (`Create…`, `Update…`) and what the ledger answers.
//!
//! Answers write every member, also the nulls, because clients test for them (api.md section 3, seed 000).

mod billing;
mod catalogue;
mod customer;
mod envelope;
mod keys;
mod partner;
mod program;
mod referral;
mod schema;
mod transaction;
mod trigger;
mod webhook;

pub use billing::{BillingProvider, WebhookSecrets};
pub use catalogue::{
    CreateProduct, CreateProductBook, Product, ProductBook, ProductStatus, UpdateProduct, UpdateProductBook,
};
pub use customer::{Attribution, Change, CreateCustomer, Customer, UpdateCustomer};
pub use envelope::{Envelope, ErrorBody, List, Warning};
pub use keys::{RotateKey, RotatedKey, WhichKey};
pub use partner::{
    CreateGroup, CreateMember, CreatePartnership, Group, GroupSummary, Member, Partner, PartnerToken,
    Partnership, UpdatePartnership,
};
pub use program::{ClaimPolicy, ProductClaims, Program, RedirectOrder, SignupClaims, Signups, UpdateProgram};
pub use referral::{
    Action, Click, Conversion, ConversionResult, CreateLink, Link, Reward, RewardCustomer, RewardStatus,
    UpdateReward,
};
pub use transaction::{
    Confirmation, CreateRefund, CreateTransaction, RefundLine, Transaction, TransactionCustomer,
    TransactionExplanation,
};
pub use trigger::{
    CreateTrigger, Eligibility, Explanation, FailedRule, Operator, Rule, RuleLeaf, RuleScope, Trigger,
    TriggerAction, TriggerEvent, UpdateTrigger,
};
pub use webhook::{
    CreateWebhook, DeliveryStatus, OutgoingWebhook, RotateWebhook, UpdateWebhook, WebhookDelivery,
    WebhookEvent,
};
