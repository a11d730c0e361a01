//! `relais account add` and `relais organization add`: who may sign in, and where referrals are sent.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use secrecy::SecretString;

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::accounts::{self, NewAccount};
use crate::domain::language::{Lang, Text};
use crate::domain::viewer::Role;
use crate::id::Id;

#[derive(Subcommand)]
pub enum AccountCommand {
    /// Ajouter un compte / Add an account
    ///
    /// Le mot de passe est lu de RELAIS_PASSWORD ou de l'entrée standard, jamais des arguments.
    /// The password is read from RELAIS_PASSWORD or standard input, never from the arguments.
    ///
    /// Exemple / Example:
    ///   echo 'a long sentence' | relais account add --email alix@org.example --role worker --organization ID
    ///   relais account add --email cam@org.example --role curator --organization ID --territory mrc:58
    #[command(verbatim_doc_comment)]
    Add(AddAccount),
}

#[derive(Args)]
pub struct AddAccount {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long)]
    email: String,
    /// Nom affiché / Displayed name
    #[arg(long, default_value = "")]
    name: String,
    /// worker, partner, curator, table, admin
    #[arg(long, value_parser = |word: &str| Role::parse(word).ok_or("worker, partner, curator, table, admin"))]
    role: Role,
    /// Identifiant de l'organisme / Id of the organisation
    #[arg(long)]
    organization: Id,
    #[arg(long, default_value = "fr", value_parser = |word: &str| Lang::parse(word).ok_or("fr, en"))]
    lang: Lang,
    /// Territoire où écrit ce curateur, répétable; aucun: tout le réseau / Territory where this curator writes,
    /// repeatable; none: the whole network
    #[arg(long = "territory")]
    territories: Vec<String>,
}

#[derive(Subcommand)]
pub enum OrganizationCommand {
    /// Ajouter un organisme; écrit son identifiant / Add an organisation; prints its id
    Add(AddOrganization),
}

#[derive(Args)]
pub struct AddOrganization {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long)]
    name: String,
    /// Nom anglais / English name
    #[arg(long)]
    name_en: Option<String>,
    /// Adresse vérifiée où vont les références / Verified address where referrals go
    #[arg(long)]
    referral_address: Option<String>,
    /// Organisme porteur, inscrit depuis ce jour / Carrying organisation, enrolled since this day (YYYY-MM-DD)
    #[arg(long)]
    enrolled_on: Option<chrono::NaiveDate>,
}

pub fn run(command: &AccountCommand) -> Result<ExitCode, String> {
    let AccountCommand::Add(args) = command;
    let password = read_password()?;
    let deps = args.data.open()?;
    let new = NewAccount {
        email: args.email.clone(),
        display_name: args.name.clone(),
        lang: args.lang,
        password,
        organization_id: args.organization,
        role: args.role,
        territories: args.territories.clone(),
    };
    let id = accounts::add(&deps, &new).map_err(|failure| sentence(&failure))?;
    say(&id.to_string())?;
    Ok(ExitCode::SUCCESS)
}

pub fn run_organization(command: &OrganizationCommand) -> Result<ExitCode, String> {
    let OrganizationCommand::Add(args) = command;
    let deps = args.data.open()?;
    let name = Text { fr: Some(args.name.clone()), en: args.name_en.clone() };
    let id = accounts::add_organization(&deps, &name, args.referral_address.as_deref(), args.enrolled_on)
        .map_err(|failure| sentence(&failure))?;
    say(&id.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn read_password() -> Result<SecretString, String> {
    if let Ok(password) = std::env::var("RELAIS_PASSWORD") {
        return Ok(SecretString::from(password));
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(match terminal_lang() {
            Lang::Fr => "le mot de passe est vide".to_owned(),
            Lang::En => "the password is empty".to_owned(),
        });
    }
    Ok(SecretString::from(password))
}
