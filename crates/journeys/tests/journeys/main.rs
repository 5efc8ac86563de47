//! Journeys through the real binaries: in a browser where a visitor acts, over HTTP where a company does.

mod accessibility;
mod api_client;
mod browser;
mod data_directory;
mod deadline;
mod kill;
mod loss;
mod outcome;
mod process;
mod random;
mod referral;
mod seed_000;
mod stage;
mod view;
mod without_script;
