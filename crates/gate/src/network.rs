//! The network of a run: nothing of it is made before the first request.

use std::path::PathBuf;

use crate::net::{NetClient, NetError, Resolver};

/// Client and resolver, made when first needed.
pub(crate) struct Network {
    cert_file: Option<PathBuf>,
    client: Option<NetClient>,
    resolver: Option<Resolver>,
}

impl Network {
    pub(crate) const fn new(cert_file: Option<PathBuf>) -> Network {
        Network { cert_file, client: None, resolver: None }
    }

    pub(crate) fn client(&mut self) -> Result<&mut NetClient, NetError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => NetClient::new(self.cert_file.clone())?,
        };
        Ok(self.client.insert(client))
    }

    pub(crate) fn resolver(&mut self) -> &mut Resolver {
        self.resolver.get_or_insert_with(Resolver::system)
    }

    /// Answers names from this table only.
    pub(crate) fn use_resolver(&mut self, resolver: Resolver) {
        self.resolver = Some(resolver);
    }
}
