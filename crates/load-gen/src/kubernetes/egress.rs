//! Where the load goes, as far as a `NetworkPolicy` can say it.

use std::net::IpAddr;

use http::Uri;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The label that every namespace has with its name.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

/// Where the load goes. Policies are applied behind Services, to the ports of pods, which a URL does not
/// say; so inside of the cluster the namespace is the limit, and outside of it the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// One address.
    Address(IpAddr),
    /// A Service of a namespace (`None`: that of the run).
    Service(Option<String>),
    /// A host outside of the cluster.
    Outside(u16),
    /// `name.name`: a Service with its namespace, or a host outside.
    Either(String, u16),
}

impl Destination {
    /// Of a URL; `None` when it is none.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let host = uri.host()?;
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(default);
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Some(Self::Address(address));
        }
        let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
        Some(match labels.as_slice() {
            [_] => Self::Service(None),
            [_, namespace, "svc", ..] => Self::Service(Some((*namespace).to_owned())),
            [_, namespace] => Self::Either((*namespace).to_owned(), port),
            _ => Self::Outside(port),
        })
    }

    /// The rules that let the load through.
    pub(super) fn rules(&self) -> Vec<NetworkPolicyEgressRule> {
        match self {
            Self::Address(address) => {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                vec![rule(vec![block(&format!("{address}/{bits}"))], None)]
            }
            Self::Service(namespace) => vec![rule(vec![pods_of(namespace.as_deref())], None)],
            Self::Outside(port) => vec![rule(anywhere(), Some(*port))],
            Self::Either(namespace, port) => vec![
                rule(vec![pods_of(Some(namespace))], None),
                rule(anywhere(), Some(*port)),
            ],
        }
    }
}

/// All pods of a namespace (`None`: that of the policy).
fn pods_of(namespace: Option<&str>) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        pod_selector: Some(LabelSelector::default()),
        namespace_selector: namespace.map(|name| LabelSelector {
            match_labels: Some([(NAMESPACE_LABEL.to_owned(), name.to_owned())].into()),
            ..LabelSelector::default()
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn block(cidr: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: cidr.to_owned(),
            except: None,
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn anywhere() -> Vec<NetworkPolicyPeer> {
    vec![block("0.0.0.0/0"), block("::/0")]
}

fn rule(to: Vec<NetworkPolicyPeer>, port: Option<u16>) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule {
        ports: port.map(|it| vec![tcp(it)]),
        to: Some(to),
    }
}

/// A TCP port of a policy.
pub(super) fn tcp(port: u16) -> NetworkPolicyPort {
    policy_port("TCP", port)
}

/// A port of a policy.
pub(super) fn policy_port(protocol: &str, port: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(i32::from(port))),
        end_port: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_hosts_are_told_apart() {
        let service = |it: &str| Destination::Service(Some(it.to_owned()));
        for (url, wanted) in [
            ("http://archive:8080/api", Destination::Service(None)),
            ("http://archive.prod.svc", service("prod")),
            ("https://archive.prod.svc.cluster.local.", service("prod")),
            (
                "https://archive.prod",
                Destination::Either("prod".into(), 443),
            ),
            ("https://vo.example.org/tap", Destination::Outside(443)),
            ("http://vo.example.org:8080", Destination::Outside(8080)),
            (
                "http://10.1.2.3",
                Destination::Address([10, 1, 2, 3].into()),
            ),
            (
                "http://[2001:db8::1]:80",
                Destination::Address("2001:db8::1".parse().unwrap()),
            ),
        ] {
            assert_eq!(Destination::of_url(url), Some(wanted), "{url}");
        }
    }

    #[test]
    fn what_has_no_host_is_no_destination() {
        for text in ["", "/tap", "a b", "http://"] {
            assert_eq!(Destination::of_url(text), None, "{text}");
        }
    }
}
