//! Names written short: what often stands in names of services and organisations is one byte each (FSST, a static
//! table of symbols; Boncz, Neumann and Leis, 2020). Every row of the index has its names so; a name is read without
//! reading any other. The table (`index/search/symbols.json`) was made from the labels of the taxonomy, names of
//! municipalities and words that organisations are called by; another one is another index: raise the version with it.

use std::sync::OnceLock;

use fsst::{Compressor, Symbol};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SYMBOLS: &str = include_str!("../../index/search/symbols.json");
const SYMBOL_BYTES_MAX: usize = 8;
/// Before a byte that stands for itself.
const ESCAPE: u8 = u8::MAX;

/// A text, written short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shorthand(Vec<u8>);

// All its bytes at once: a page of results reads eighty of these.
impl Serialize for Shorthand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Shorthand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
    }
}

impl Shorthand {
    pub(super) fn of(text: &str) -> Self {
        Self(table().compress(text.as_bytes()))
    }

    /// What no table wrote reads as nothing.
    pub(super) fn text(&self) -> String {
        if self.is_cut() {
            return String::new();
        }
        let bytes = table().decompressor().decompress(&self.0);
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// It ends where a byte should come that stands for itself: the library would stop the program.
    fn is_cut(&self) -> bool {
        let mut codes = self.0.iter();
        while let Some(code) = codes.next() {
            if *code == ESCAPE && codes.next().is_none() {
                return true;
            }
        }
        false
    }
}

fn table() -> &'static Compressor {
    static TABLE: OnceLock<Compressor> = OnceLock::new();
    TABLE.get_or_init(|| {
        // A file that did not read would be no table: then each byte stands for itself.
        let texts: Vec<String> = serde_json::from_str(SYMBOLS).unwrap_or_default();
        let (symbols, lengths): (Vec<Symbol>, Vec<u8>) = texts.iter().filter_map(|text| symbol(text)).unzip();
        Compressor::rebuild_from(symbols, lengths)
    })
}

fn symbol(text: &str) -> Option<(Symbol, u8)> {
    let mut bytes = [0; SYMBOL_BYTES_MAX];
    bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    Some((Symbol::from_slice(&bytes), u8::try_from(text.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_symbol_is_in_the_table_and_names_take_two_thirds_at_most() {
        let texts: Vec<String> = serde_json::from_str(SYMBOLS).unwrap();
        assert_eq!(table().n_symbols(), texts.len());
        for name in ["Maison de la famille de Matane", "Dépannage alimentaire", "Breastfeeding support"] {
            let Shorthand(short) = Shorthand::of(name);
            assert!(3 * short.len() <= 2 * name.len(), "{name}: {}", short.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_written(text in any::<String>()) {
            prop_assert_eq!(Shorthand::of(&text).text(), text);
        }

        #[test]
        fn bytes_that_no_table_wrote_are_read_as_something(bytes in any::<Vec<u8>>()) {
            Shorthand(bytes).text();
        }
    }
}
