//! The wire types of API v2: what a client sends (`Create…`, `Update…`) and what the ledger answers.
//!
//! Answers write every member, also the nulls, because clients test for them (api.md section 3, seed 000).
//!
//! What is said to make an object, to change it and of it are types of their own, which repeat members. `flatten` would
//! not do: serde then reads any member, so that a mistyped one gets no warning, and errors no longer name the member.

mod action;
mod application;
mod billing;
mod catalogue;
mod customer;
mod deal;
mod deal_file;
mod dry_run;
mod envelope;
mod form;
mod group;
mod import;
mod invoice;
mod keys;
mod lead;
mod message;
mod partner;
mod program;
mod referral;
mod reward;
mod schema;
mod stage;
mod team;
mod test_clock;
mod tier;
mod transaction;
mod trigger;
mod trigger_action;
mod v1;
mod webhook;

pub use action::{Action, ActionCustomer, CompanyName, CreateAction, TargetType};
pub use application::{
    Application, ApplicationStatus, CreateApplication, DecideApplication, DecideApplications,
};
pub use billing::{BillingProvider, WebhookSecrets};
pub use catalogue::{
    CreateProduct, CreateProductBook, Product, ProductBook, ProductStatus, UpdateProduct, UpdateProductBook,
};
pub use customer::{Attribution, Change, CreateCustomer, CustomField, Customer, UpdateCustomer};
pub use deal::{ConvertSale, CreateDeal, Deal, SaleSource, UpdateDeal};
pub use deal_file::{CreateDealFile, DealFile, DealFileContent, DealFilePage};
pub use dry_run::{DryRun, DryRunExample, DryRunTrigger, PastRange, Replay};
pub use envelope::{Envelope, ErrorBody, List, Warning};
pub use form::{
    CreateFormTemplate, FormAnswer, FormAnswers, FormField, FormKind, FormTemplate, FormTemplateItems,
    FormValue, UpdateFormTemplate,
};
pub use group::{CreateGroup, Group, GroupFeatures, GroupSummary, UpdateGroup, UpdateGroupFeatures};
pub use import::{ImportColumn, ImportKind, ImportProblem, ImportReport};
pub use invoice::{
    CloseInvoices, ClosedInvoices, InvoiceExport, PartnerInvoice, PartnerPayout, UpdateInvoice,
};
pub use keys::{RotateKey, RotatedKey, WhichKey};
pub use lead::{CreateLead, Lead, UpdateLead};
pub use message::PartnerMessage;
pub use partner::{
    CreatePartnership, MovePartnerships, Partner, PartnerManager, PartnerMoney, PartnerStats, PartnerToken,
    Partnership, TagPartnership, TierSummary, UpdatePartnership,
};
pub use program::{ClaimPolicy, ProductClaims, Program, RedirectOrder, SignupClaims, Signups, UpdateProgram};
pub use referral::{Click, Conversion, ConversionResult, CreateLink, Link, UpdateLink};
pub use reward::{
    CreateReward, MarketplaceProgram, Reward, RewardAction, RewardCustomer, RewardInvoice, RewardOffer,
    RewardPartnership, RewardStatus, RewardTarget, RewardTargetType, RewardTransaction, RewardTrigger,
    UpdateReward,
};
pub use stage::{CreateStage, SaleOutcome, SalesCycle, Stage, UpdateStage};
pub use team::{CreateMember, CreateTeamMember, Member, Team, TeamSummary};
pub use test_clock::{AdvanceTestClock, TestClockState};
pub use tier::{CreateTier, CreateTiersCollection, Tier, TiersCollection, UpdateTier, UpdateTiersCollection};
pub use transaction::{
    Confirmation, CreateRefund, CreateTransaction, RefundLine, Transaction, TransactionCustomer,
    TransactionExplanation,
};
pub use trigger::{
    CreateTrigger, Eligibility, Explanation, FailedRule, Operator, Rule, RuleLeaf, RuleScope, RulesSchema,
    Trigger, TriggerEvent, UpdateTrigger,
};
pub use trigger_action::{Cap, CapPer, CapPeriod, Drip, FlatCommission, PercentCommission, TriggerAction};
pub use v1::{
    CreateV1Application, CreateV1Customer, CreateV1Transaction, UpdateV1Customer, V1Application, V1Customer,
    V1Envelope, V1Error,
};
pub use webhook::{
    CreateWebhook, DeliveryStatus, OutgoingWebhook, RotateWebhook, UpdateWebhook, WebhookDelivery,
    WebhookEvent,
};
