//! How the pods of a run find each other and what they may talk to.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::super::egress::{Destination, policy_port, tcp};
use super::super::plan::{MASTER_PORT, Plan};
use super::{labels, meta};

/// The port of DNS.
const DNS_PORT: u16 = 53;

/// A Service without an address of its own: it gives the pods names, also before they are ready.
pub(super) fn service(plan: &Plan) -> Service {
    Service {
        metadata: meta(plan),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            publish_not_ready_addresses: Some(true),
            selector: Some(labels(plan)),
            ports: Some(vec![ServicePort {
                name: Some("master".to_owned()),
                port: i32::from(MASTER_PORT),
                target_port: Some(IntOrString::String("master".to_owned())),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// The pods reach each other on the master's port, name servers wherever the cluster has them, and the
/// service under load; nobody else reaches them.
pub(super) fn policy(plan: &Plan) -> NetworkPolicy {
    let own = LabelSelector {
        match_labels: Some(labels(plan)),
        ..LabelSelector::default()
    };
    let peers = vec![NetworkPolicyPeer {
        pod_selector: Some(own.clone()),
        ..NetworkPolicyPeer::default()
    }];
    let mut egress = vec![
        NetworkPolicyEgressRule {
            ports: Some(vec![tcp(MASTER_PORT)]),
            to: Some(peers.clone()),
        },
        NetworkPolicyEgressRule {
            ports: Some(vec![policy_port("UDP", DNS_PORT), tcp(DNS_PORT)]),
            to: None,
        },
    ];
    egress.extend(plan.destinations.iter().flat_map(Destination::rules));
    NetworkPolicy {
        metadata: meta(plan),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(own),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(vec![NetworkPolicyIngressRule {
                from: Some(peers),
                ports: Some(vec![tcp(MASTER_PORT)]),
            }]),
            egress: Some(egress),
        }),
    }
}
