//! The wire types of API v2: what a client sends (`Create…`, `Update…`) and what the ledger answers.
//!
//! Answers write every member, also the nulls, because clients test for them (api.md section 3, seed 000).

mod action;
mod billing;
mod catalogue;
mod customer;
mod envelope;
mod invoice;
mod keys;
mod partner;
mod program;
mod referral;
mod reward;
mod schema;
mod transaction;
mod trigger;
mod v1;

pub use action::{Action, ActionCustomer, CompanyName, CreateAction, TargetType};
pub use billing::{BillingProvider, WebhookSecrets};
pub use catalogue::{
    CreateProduct, CreateProductBook, Product, ProductBook, ProductStatus, UpdateProduct, UpdateProductBook,
};
pub use customer::{Attribution, Change, CreateCustomer, CustomField, Customer, UpdateCustomer};
pub use envelope::{Envelope, ErrorBody, List, Warning};
pub use invoice::{
    CloseInvoices, ClosedInvoices, InvoiceExport, PartnerInvoice, PartnerPayout, UpdateInvoice,
};
pub use keys::{RotateKey, RotatedKey, WhichKey};
pub use partner::{
    CreateGroup, CreateMember, CreatePartnership, Group, GroupSummary, Member, Partner, PartnerToken,
    Partnership, UpdatePartnership,
};
pub use program::{ClaimPolicy, ProductClaims, Program, RedirectOrder, SignupClaims, Signups, UpdateProgram};
pub use referral::{Click, Conversion, ConversionResult, CreateLink, Link};
pub use reward::{
    CreateReward, MarketplaceProgram, Reward, RewardAction, RewardCustomer, RewardInvoice, RewardOffer,
    RewardPartnership, RewardStatus, RewardTarget, RewardTargetType, RewardTransaction, RewardTrigger,
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
pub use v1::{CreateV1Customer, CreateV1Transaction, UpdateV1Customer, V1Customer, V1Envelope, V1Error};
