//! Puts a message in the post: SMTP, or one `.eml` file a message in a folder (demo, tests). It knows no referral: an
//! address, a subject, a text and an id. The same id gives the same Message-ID, so that a repeat is known as one.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{SmtpTransport, Transport};
use secrecy::ExposeSecret;

use crate::actions::Failure;
use crate::clock::Time;
use crate::config::Config;
use crate::id::Id;

/// How long one conversation with the mail server may take, in seconds.
const SMTP_WAIT_S: u64 = 20;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the mail settings are wrong: {0}")]
    Settings(String),
    /// The address cannot receive mail: trying again changes nothing.
    #[error("the address is not one")]
    Address,
    #[error("the message could not be handed over: {0}")]
    Transport(String),
}

pub struct Mailer {
    from: Mailbox,
    /// The right-hand side of every Message-ID.
    domain: String,
    way: Way,
}

enum Way {
    Smtp(Box<SmtpTransport>),
    Folder(PathBuf),
}

/// A message ready to go.
pub struct Message<'a> {
    pub id: Id,
    pub to: &'a str,
    pub subject: &'a str,
    pub body: &'a str,
}

impl Mailer {
    /// SMTP where the operator named a server, otherwise files in the data directory.
    pub fn from_config(config: &Config) -> Result<Self, Failure> {
        let made = match &config.mail.smtp_url {
            Some(url) => Self::smtp(&config.mail.from, url.expose_secret()),
            None => Self::folder(&config.mail.from, config.mail_dir()),
        };
        made.map_err(|error| Failure::File(config.mail_dir(), std::io::Error::other(error.to_string())))
    }
    /// `smtp://user:password@host:port?tls=required`, as lettre reads it.
    pub fn smtp(from: &str, url: &str) -> Result<Self, Error> {
        let transport = SmtpTransport::from_url(url)
            .map_err(|error| Error::Settings(error.to_string()))?
            .timeout(Some(Duration::from_secs(SMTP_WAIT_S)))
            .build();
        Self::new(from, Way::Smtp(Box::new(transport)))
    }
    pub fn folder(from: &str, folder: PathBuf) -> Result<Self, Error> {
        std::fs::create_dir_all(&folder).map_err(|error| Error::Settings(error.to_string()))?;
        Self::new(from, Way::Folder(folder))
    }
    fn new(from: &str, way: Way) -> Result<Self, Error> {
        let from: Mailbox = from.parse().map_err(|_| Error::Settings(format!("{from:?} is not an address")))?;
        let domain = from.email.domain().to_owned();
        Ok(Self { from, domain, way })
    }

    pub fn send(&self, letter: &Message<'_>, now: Time) -> Result<(), Error> {
        let to: Mailbox = letter.to.parse().map_err(|_| Error::Address)?;
        let message = lettre::Message::builder()
            .from(self.from.clone())
            .to(to)
            .date(SystemTime::from(now.instant()))
            .message_id(Some(format!("<{}@{}>", letter.id, self.domain)))
            .subject(letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.to_owned())
            .map_err(|error| Error::Transport(error.to_string()))?;
        match &self.way {
            Way::Smtp(transport) => {
                transport.send(&message).map(|_| ()).map_err(|error| Error::Transport(error.to_string()))
            }
            Way::Folder(folder) => {
                let part = folder.join(format!("{}.part", letter.id));
                let whole = folder.join(format!("{}.eml", letter.id));
                let written = std::fs::write(&part, message.formatted()).and_then(|()| std::fs::rename(&part, &whole));
                written.map_err(|error| Error::Transport(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_the_same_file_with_the_same_message_id() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = Mailer::folder("relais <relais@demo.relais.example>", folder.path().to_owned()).unwrap();
        let now = Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap();
        let id = Id::from_words(&["letter"]);
        let letter = Message { id, to: "accueil@organisme.example", subject: "Été", body: "Bonjour à vous\n" };
        mailer.send(&letter, now).unwrap();
        mailer.send(&letter, now).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains(&format!("Message-ID: <{id}@demo.relais.example>")), "{text}");
        assert!(matches!(mailer.send(&Message { to: "not an address", ..letter }, now), Err(Error::Address)));
    }
}
