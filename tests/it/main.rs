//! Tests of the whole program: the real binary, real HTTP on loopback, real SQLite files.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails; helpers stand outside of tests"
)]
#![expect(clippy::print_stdout, reason = "random tests print their seed")]

mod acceptance;
mod acts;
mod age;
mod commands;
mod config_errors;
mod daemon;
mod dice;
mod explain;
mod feeds;
mod foreign;
mod fuzz;
mod grouping;
mod habits;
mod house;
mod identity;
mod idle;
mod judged;
mod kill;
mod meter;
mod operator;
mod pack;
mod program;
mod regroup;
mod saga;
mod secrets;
mod settled;
mod standing;
mod store;
mod trial;
mod trouble;
mod tuning;
mod ways;
mod web;
mod websub;
mod why;
mod world;
