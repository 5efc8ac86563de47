//! Every bound of the system, with its unit and its reason. A request that exceeds one gets an error that names it.

/// Characters of a partner key. Keys may be any string, a documented one is a URL (browser.md section 3).
pub const PARTNER_KEY_MAX: usize = 255;
/// Lengths a click id may have, in characters of `[A-Za-z0-9]` (browser.md section 3).
pub const CLICK_ID_LENGTHS: [usize; 2] = [12, 14];
/// Sub-ids read from one landing URL; partners put a handful on a link.
pub const SUB_IDS_MAX: usize = 10;
/// Bytes of one sub-id's value.
pub const SUB_ID_MAX: usize = 255;
/// Days a referral lives from its click (browser.md section 4).
pub const REFERRAL_DAYS: u32 = 90;

/// Events in one request. A browser's pending store never holds more.
pub const BATCH_EVENTS_MAX: usize = 50;
/// Bytes of a request body at `POST /v1/events`: browsers send at most 64 KiB in a beacon.
pub const EVENT_BODY_MAX: usize = 64 * 1024;
/// Bytes of one event, so that one signup with a large `meta` cannot crowd out its batch.
pub const EVENT_MAX: usize = 32 * 1024;
/// Products in one checkout event.
pub const CHECKOUT_PRODUCTS_MAX: usize = 25;
/// Bytes of a billing webhook. Providers send invoices with hundreds of lines.
pub const WEBHOOK_BODY_MAX: usize = 1024 * 1024;
/// Bytes of an API v2 request body.
pub const API_BODY_MAX: usize = 256 * 1024;

/// Bytes of a CSV file in one request: its rows are taken in seconds. `headwater import` sends a longer file in pieces.
pub const IMPORT_BODY_MAX: usize = 1024 * 1024;
/// Rows of a CSV file in one request: each may have a line of its own in the report.
pub const IMPORT_ROWS_MAX: usize = 5_000;
/// Bytes of one row of a CSV file, as of one event.
pub const IMPORT_ROW_MAX: usize = EVENT_MAX;
/// Columns of a CSV file: all members and custom fields of a customer three times.
pub const IMPORT_COLUMNS_MAX: usize = 250;
/// Rows that an import takes in one unit of work, few enough that others wait for milliseconds only.
pub const IMPORT_STEP: usize = 50;

/// Events the browser keeps until they are acknowledged.
pub const PENDING_EVENTS_MAX: usize = 50;
/// Bytes of all events the browser keeps: well inside the 5 MB a site's storage has, and one beacon's worth.
pub const PENDING_BYTES_MAX: usize = EVENT_BODY_MAX;
/// Milliseconds the browser keeps an event it could not deliver: 30 days.
pub const PENDING_AGE_MAX: i64 = 30 * 24 * 60 * 60 * 1000;

/// Bytes of a page's lines ([`crate::lines`]): its cookies, of which servers accept 8 to 16 KiB, and its address, of
/// which they accept 8 KiB, twice because it is also decoded from base64. The script keeps them on its stack; what
/// does not fit is not read.
pub const PAGE_LINES_MAX: usize = 64 * 1024;
/// Bytes of the link host's click cookies that a browser remembers: 40 for each click, and each redirect replaces the
/// cookies of those before it.
pub const SEEN_CLICKS_MAX: usize = 8 * 1024;

/// Characters of `customer_key`, at least.
pub const CUSTOMER_KEY_MIN: usize = 1;
/// Characters of `customer_key`, `external_key`, `provider_key` and every subscription key, at most.
pub const CUSTOMER_KEY_MAX: usize = 255;
/// Characters of an email address, at least (api.md section 3).
pub const EMAIL_MIN: usize = 4;
/// Characters of an email address, at most (api.md section 3).
pub const EMAIL_MAX: usize = 255;
/// Warnings of one answer.
pub const WARNINGS_MAX: usize = 20;
/// Characters of a secret that a company sets: of its identity signatures, or of a provider's webhooks.
pub const SECRET_MAX: usize = 255;
/// Characters of a name (api.md section 3).
pub const NAME_MAX: usize = 100;
/// Characters of a description or an offer text.
pub const DESCRIPTION_MAX: usize = 1000;
/// Characters of a company's name, as a deal or lead has it.
pub const COMPANY_NAME_MAX: usize = 255;
/// Answers to one form, and fields of one form: more than people fill in.
pub const FORM_FIELDS_MAX: usize = 50;
/// Characters of one answer, as JSON text.
pub const FORM_ANSWER_MAX: usize = 1000;
/// Bytes of the `meta` of a deal, lead or application, as JSON text.
pub const META_MAX: usize = 16 * 1024;
/// Bytes of a file of a deal: as base64 it fits into a request of [`API_BODY_MAX`], and a proposal or a signed form into
/// it.
pub const FILE_MAX: usize = 128 * 1024;
/// Files of one deal.
pub const DEAL_FILES_MAX: usize = 10;
/// Stages of a program: checking the stage of a deal reads those of its group.
pub const STAGES_MAX: usize = 200;
/// Entries of `metadata` (api.md section 3).
pub const METADATA_ENTRIES_MAX: usize = 25;
/// Characters of a metadata name (api.md section 3).
pub const METADATA_NAME_MAX: usize = 30;
/// Characters of a metadata value (api.md section 3).
pub const METADATA_VALUE_MAX: usize = 100;
/// Characters of a transaction's own `key`, at least (api.md section 3).
pub const TRANSACTION_KEY_MIN: usize = 4;
/// Characters of a transaction's own `key`, at most (api.md section 3).
pub const TRANSACTION_KEY_MAX: usize = 255;
/// Minor units an amount may reach, either sign: 5·10¹⁰ (api.md section 3).
pub const AMOUNT_MAX: i64 = 50_000_000_000;
/// Characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_MAX: usize = 255;
/// Hours an `Idempotency-Key` is remembered: longer than any client's retry.
pub const IDEMPOTENCY_HOURS: i64 = 72;

/// Days a click is kept: a referral lives 90 from it, and thirteen months let a partner's month be compared with the
/// same one a year ago.
pub const CLICK_DAYS: i64 = 400;
/// Rows that one step of pruning deletes, few enough that it occupies the writer for milliseconds only.
pub const PRUNE_STEP: i64 = 500;
/// Programs whose compiled triggers a process caches; when it is full, the cache is emptied.
pub const COMPILED_PROGRAMS_MAX: usize = 10_000;

/// Items of a list when the client does not say (api.md section 2).
pub const LIST_DEFAULT: u32 = 10;
/// Items of a list, at most (api.md section 2).
pub const LIST_MAX: u32 = 250;
/// Items that are counted for a list's `total` where no total is kept, so that a page costs no more in a large program.
pub const LIST_TOTAL_MAX: i64 = 10_000;
/// Days for which an id that a site has given up for a customer is remembered, so that payments by it are refused with
/// the new one: long enough for a server that was not changed to be noticed.
pub const FORMER_KEY_DAYS: i64 = 90;
/// Custom fields of one customer, at most.
pub const FIELDS_MAX: usize = 50;
/// Invoices that one call closes or exports, at most: others wait while they are made.
pub const INVOICES_MAX: i64 = 10_000;
/// The `value` of an action, at most: the largest amount for each stays a number of 64 bits.
pub const ACTION_VALUE_MAX: i64 = 100_000_000;

/// Nesting of a trigger's rules.
pub const RULE_DEPTH_MAX: usize = 8;
/// Leaves of a trigger's rules.
pub const RULE_LEAVES_MAX: usize = 100;
/// Values in one leaf's list.
pub const RULE_VALUES_MAX: usize = 250;
/// Triggers of one program; each transaction evaluates all of them.
pub const TRIGGERS_MAX: usize = 500;

/// Installments of one commission: each is a row that the payment's unit of work writes, and five years of months are
/// longer than any offer.
pub const DRIP_OCCURRENCES_MAX: u32 = 60;
/// Caps of one trigger; each is a statement more for what it pays.
pub const CAPS_MAX: usize = 5;
/// Characters of the subject of a message that a trigger sends: a line.
pub const MESSAGE_SUBJECT_MAX: usize = 200;
/// Characters of its text: a page, and a row that a payment's unit of work writes.
pub const MESSAGE_TEXT_MAX: usize = 5000;
/// Currencies in one map of amounts: more than any program pays in.
pub const AMOUNTS_MAX: usize = 50;
/// Due things that one step of the scheduler runs, few enough that it occupies the writer for milliseconds only.
pub const DUE_STEP: i64 = 50;
/// Milliseconds after which a due thing that failed is tried again.
pub const DUE_RETRY: i64 = 60 * 60 * 1000;
/// Payments that one request of a dry run or a replay looks at.
pub const DRY_RUN_STEP: u32 = 10_000;
/// Payments that a replay evaluates in one unit of work.
pub const REPLAY_STEP: usize = 50;
/// Examples of one step of a dry run, of payments that pay and of payments that do not, each.
pub const DRY_RUN_EXAMPLES: usize = 10;
/// Days that a test clock may be ahead of the real one: ten years, twice the longest drip.
pub const TEST_CLOCK_DAYS_MAX: i64 = 3660;

/// Milliseconds within which a billing webhook's timestamp must lie: five minutes, as the providers advise.
pub const WEBHOOK_TOLERANCE: i64 = 5 * 60 * 1000;
/// Units of work in one commit; more gain nothing (measured.md).
pub const COMMIT_UNITS_MAX: usize = 1024;
/// Units waiting for the writer; a full queue answers 503 with `Retry-After`.
pub const WRITE_QUEUE_MAX: usize = 4096;
/// Read connections of one database file at once: a few for each core keep it busy, and more cost only files and
/// memory. Each holds two files open and up to 2 MiB of pages.
pub const READERS_MAX: usize = 8;
/// Milliseconds a read waits for a connection before it is answered 503: longer than a burst of list requests takes,
/// shorter than clients' own timeouts.
pub const READ_WAIT: u64 = 5_000;
/// Entries under way to their destinations at once, each of a lane of its own: enough to keep a destination busy,
/// few enough for its connections and our memory.
pub const DELIVERIES_MAX: usize = 256;
/// Attempts at delivery before an entry is dead: with full jitter up to an hour between them, about two weeks.
pub const DELIVERY_ATTEMPTS_MAX: u32 = 400;
/// Milliseconds between two attempts, at most.
pub const DELIVERY_BACKOFF_MAX: i64 = 60 * 60 * 1000;
/// Milliseconds before the second attempt.
pub const DELIVERY_BACKOFF_MIN: i64 = 200;
/// Events a second that one key pair of a program may send, unless the operator sets another rate: fifty million a day,
/// and too few for a faulty script to fill the disk in a night.
pub const PROGRAM_EVENTS_PER_SECOND: u32 = 600;
/// One address may use this fraction (one in so many) of a program's rate with a public key alone: far more than an
/// office behind one address needs, and one visitor cannot use up the rate of all.
pub const PROGRAM_PER_ADDRESS: u32 = 10;
/// Seconds' worth of events that may come at once, for pages that were offline and queues that are sent again.
pub const RATE_BURST_SECONDS: u32 = 2;
/// Milliseconds a client has to send its request head.
pub const HEADER_TIMEOUT: u64 = 10_000;
/// Milliseconds a client has to send its body and read its answer.
pub const REQUEST_TIMEOUT: u64 = 30_000;
/// Bytes of a response that a client must read within [`REQUEST_TIMEOUT`] once the socket's buffers are full. Slower
/// connections are closed, or each would hold the memory of its response for ever.
pub const ANSWER_BYTES_MIN: usize = 64 * 1024;
/// KiB of events that one address may leave with a public key alone in a day, for each event a second that it may
/// send: 240 MiB where it may send 60 a second.
pub const ADDRESS_KIB_PER_DAY: u32 = 4 * 1024;
/// KiB of events that all pages of a key pair may leave in a day, for each event a second: 19 GiB where it may send
/// 600 a second, so that many addresses together do not fill the disk in a night either.
pub const PROGRAM_KIB_PER_DAY: u32 = 32 * 1024;
/// Clicks a second that one address may make: an office behind one address stays far below.
pub const CLICKS_PER_SECOND: u32 = 20;
/// Clicks that one address may make at once, when a newsletter goes out to a whole office.
pub const CLICKS_BURST: u32 = 200;
/// Open files a process asks for at its start: connections, read connections and their logs.
pub const OPEN_FILES: u64 = 65_536;
/// Of the open files, those kept for databases, logs and deliveries; connections from outside get the rest.
pub const OPEN_FILES_RESERVED: u64 = 512;
/// Bytes of free disk below which a server says that it is not ready: four write-ahead logs of their usual largest size,
/// so that somebody can act before the first event is refused.
pub const DISK_FREE_MIN: u64 = 256 * 1024 * 1024;
/// Seconds that open requests and deliveries have to end after SIGTERM, unless the operator sets another number: longer
/// than a slow request, a third of what service managers wait before they kill.
pub const DRAIN_SECONDS: u64 = 10;
/// Hours a replaced secret may go on working, at most: 30 days.
pub const KEY_OVERLAP_HOURS_MAX: i64 = 30 * 24;

/// Milliseconds for which a caller's verified key pair is cached. A replaced secret stops working at once in the
/// process that replaces it, and within this time in others.
pub const CALLER_CACHE_MILLIS: i64 = 1_000;
/// Verified callers that a process caches; when it is full, the cache is emptied.
pub const CALLERS_MAX: usize = 10_000;
/// Names of a catalogue entry that one event carries: those of a product, a price and, in older data, a plan.
pub const CATALOGUE_KEYS_MAX: usize = 5;
/// Parked entries among those under way, at most: a backlog of payments whose customers are unknown must not hold up a
/// new signup.
pub const PARKED_DELIVERIES_MAX: usize = DELIVERIES_MAX / 4;
/// Milliseconds until a parked entry is first tried again; a name that it waits for wakes it sooner.
pub const PARKED_RETRY_MIN: i64 = 60 * 1000;
/// Milliseconds between two attempts at a parked entry, at most.
pub const PARKED_RETRY_MAX: i64 = 60 * 60 * 1000;
/// Milliseconds after which a parked entry may be given up, if it also had [`PARKED_ATTEMPTS_MAX`] attempts: 30 days.
pub const PARKED_AGE_MAX: i64 = 30 * 24 * 60 * 60 * 1000;
/// Attempts that a parked entry must have had before its age counts. Thirty days have some 720; the condition keeps a
/// clock that jumps ahead by a month from giving up entries.
pub const PARKED_ATTEMPTS_MAX: i64 = 500;
/// Milliseconds between two attempts at a destination that refuses our credential, at most: an operator who corrects
/// the credential sees within minutes that it works.
pub const HOLD_MAX: i64 = 5 * 60 * 1000;
/// The provider's records that one payment and its refunds touch: an invoice, its payments, their charges.
pub const JOINED_RECORDS_MAX: usize = 64;

/// Webhooks of one program that are not archived; each event is compared with all of them.
pub const WEBHOOKS_MAX: i64 = 20;
/// Characters of a webhook's target: what servers take as a URL.
pub const WEBHOOK_TARGET_MAX: usize = 2048;
/// Milliseconds after which a delivery is given up, or its webhook is paused: three days (triggers.md section 4).
pub const WEBHOOK_AGE_MAX: i64 = 3 * 24 * 60 * 60 * 1000;
/// Milliseconds before the second attempt at a webhook, at most; the bound doubles with each attempt.
pub const WEBHOOK_BACKOFF_MIN: i64 = 5_000;
/// Milliseconds between two attempts at a webhook, at most: four hours, so that three days have some forty.
pub const WEBHOOK_BACKOFF_MAX: i64 = 4 * 60 * 60 * 1000;
/// Milliseconds that a target may ask to wait by `Retry-After`: a day.
pub const WEBHOOK_RETRY_AFTER_MAX: i64 = 24 * 60 * 60 * 1000;
/// Milliseconds a target has to answer. Receivers should answer first and work later; a slow one holds its own
/// deliveries only.
pub const WEBHOOK_TIMEOUT: u64 = 15_000;
/// Milliseconds after which a delivery whose attempt was never settled is tried again: longer than the attempt and its
/// settlement take.
pub const WEBHOOK_LEASE: i64 = 60_000;
/// Deliveries under way at once to one webhook: others do not wait for a target that hangs.
pub const WEBHOOK_DELIVERIES_MAX: u32 = 8;
/// Deliveries under way at once to all webhooks, for our connections and memory.
pub const WEBHOOKS_UNDER_WAY_MAX: usize = 128;
/// Bytes read of a target's answer.
pub const WEBHOOK_ANSWER_MAX: usize = 64 * 1024;
/// Characters kept of a target's answer.
pub const WEBHOOK_ANSWER_SHOWN: usize = 1024;
/// Characters shown of a body that was sent.
pub const WEBHOOK_REQUEST_SHOWN: usize = 4096;
/// Days a delivery is kept in the log; for a paused webhook, also what waits for it.
pub const WEBHOOK_LOG_DAYS: i64 = 30;
/// Deliveries kept in the log of one webhook and mode, the newest ones.
pub const WEBHOOK_LOG_MAX: i64 = 100_000;
