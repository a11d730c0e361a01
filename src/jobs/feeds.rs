//! Asks the web for the pages of a feed. An address of this machine or of a private network is not asked, however it is
//! named and whoever sends there: the names are looked up once, and what they gave is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use crate::actions::feeds::FetchError;

/// How long one answer may take, in seconds.
const ANSWER_S_MAX: u64 = 120;
const REDIRECTS_MAX: u32 = 5;

/// A client of feeds.
pub struct Client(ureq::Agent);

impl Client {
    /// `allow_private`: also what is on this machine or a private network.
    pub fn new(allow_private: bool) -> Self {
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(REDIRECTS_MAX)
            // A proxy would look the names up itself.
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(ANSWER_S_MAX)))
            .user_agent(concat!("relais/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        let resolver = Checked { names: DefaultResolver::default(), allow_private };
        Self(ureq::Agent::with_parts(config, DefaultConnector::default(), resolver))
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// Whether it is worth another try.
    pub fn get(&self, url: &Url, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        let asked = self.0.get(url.as_str()).header("Accept", "application/json").call();
        let mut answer = asked.map_err(|error| match error {
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                FetchError::Refused(error.to_string())
            }
            ureq::Error::BadUri(_) | ureq::Error::TooManyRedirects => FetchError::Refused(error.to_string()),
            other => FetchError::Later(other.to_string()),
        })?;
        match answer.status().as_u16() {
            200..=299 => {}
            status @ (408 | 429 | 500..=599) => return Err(FetchError::Later(status.to_string())),
            status => return Err(FetchError::Refused(status.to_string())),
        }
        answer.body_mut().with_config().limit(bytes_max).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => FetchError::Refused(format!("> {bytes_max} bytes")),
            other => FetchError::Later(other.to_string()),
        })
    }
}

#[derive(Debug)]
struct Checked {
    names: DefaultResolver,
    allow_private: bool,
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        match found.iter().find(|address| !self.allow_private && !is_public(address.ip())) {
            Some(address) => {
                let said = format!("{} is not a public address (--allow-private)", address.ip());
                Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, said)))
            }
            None => Ok(found),
        }
    }
}

/// Whether an address is one of the open Internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [first, second, third, ..] = address.segments();
    // Only 2000::/3 is given out; in it are Teredo (2001::/32), documentation, and 6to4, which carries an IPv4 address.
    let is_global = first & 0xe000 == 0x2000;
    let is_special = (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || (first == 0x3fff && second < 0x1000);
    let is_6to4_of_private = first == 0x2002 && {
        let ([a, b], [c, d]) = (second.to_be_bytes(), third.to_be_bytes());
        !is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    is_global && !is_special && !is_6to4_of_private
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_open_internet_is_not_asked() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2002:808:808::"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn this_machine_is_refused_by_any_name_and_at_any_redirect() {
        let client = Client::new(false);
        for url in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://0x7f.1:9/"] {
            let said = client.get(&Url::parse(url).unwrap(), 10).unwrap_err();
            assert!(
                matches!(&said, FetchError::Refused(why) if why.contains("not a public address")),
                "{url}: {said:?}"
            );
        }
    }
}
