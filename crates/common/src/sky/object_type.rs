//! What kind of object a source is, in SIMBAD's words and in the coarse words of older schemas.

use serde::Serialize;

/// Kind of object.
///
/// Variable stars are kinds of their own here because SIMBAD's hierarchy has them below `V*`; that
/// a source varies at all is told by its [`super::Variability`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ObjectType {
    /// A star without a more precise type.
    Star,
    /// A red giant.
    RedGiant,
    /// RR Lyrae variable.
    RrLyrae,
    /// Classical (δ Cephei) Cepheid.
    ClassicalCepheid,
    /// Type II Cepheid or RV Tauri variable.
    TypeTwoCepheid,
    /// Mira variable.
    Mira,
    /// Semi-regular long-period variable.
    LongPeriodVariable,
    /// Eclipsing binary.
    EclipsingBinary,
    /// δ Scuti variable.
    DeltaScuti,
    /// β Cephei variable.
    BetaCephei,
    /// α² Canum Venaticorum variable.
    AlphaTwoCvn,
    /// BY Draconis variable.
    ByDraconis,
    /// RS Canum Venaticorum variable.
    RsCvn,
    /// Open cluster.
    OpenCluster,
    /// Globular cluster.
    GlobularCluster,
    /// Planetary nebula.
    PlanetaryNebula,
    /// H II region.
    HiiRegion,
    /// Supernova remnant.
    SupernovaRemnant,
    /// Reflection nebula.
    ReflectionNebula,
    /// Galaxy.
    Galaxy,
    /// Quasar.
    Quasar,
    /// Asteroid.
    Asteroid,
}

impl ObjectType {
    /// SIMBAD's condensed name (<https://simbad.cds.unistra.fr/guide/otypes.htx>).
    ///
    /// SIMBAD holds no solar-system objects; asteroids are `Ast` here.
    pub fn simbad(self) -> &'static str {
        match self {
            Self::Star => "*",
            Self::RedGiant => "RG*",
            Self::RrLyrae => "RR*",
            Self::ClassicalCepheid => "cC*",
            Self::TypeTwoCepheid => "WV*",
            Self::Mira => "Mi*",
            Self::LongPeriodVariable => "LP*",
            Self::EclipsingBinary => "EB*",
            Self::DeltaScuti => "dS*",
            Self::BetaCephei => "bC*",
            Self::AlphaTwoCvn => "a2*",
            Self::ByDraconis => "BY*",
            Self::RsCvn => "RS*",
            Self::OpenCluster => "OpC",
            Self::GlobularCluster => "GlC",
            Self::PlanetaryNebula => "PN",
            Self::HiiRegion => "HII",
            Self::SupernovaRemnant => "SNR",
            Self::ReflectionNebula => "RNe",
            Self::Galaxy => "G",
            Self::Quasar => "QSO",
            Self::Asteroid => "Ast",
        }
    }

    /// The seed's coarse type: `STAR`, `GALAXY`, `QUASAR`, `NEBULA`, `ASTEROID` or `VARIABLE_STAR`.
    ///
    /// Clusters count as `NEBULA`, as in the NGC.
    pub fn seed_name(self) -> &'static str {
        match self {
            Self::Star | Self::RedGiant => "STAR",
            Self::Galaxy => "GALAXY",
            Self::Quasar => "QUASAR",
            Self::Asteroid => "ASTEROID",
            _ if self.is_variable_star() => "VARIABLE_STAR",
            _ => "NEBULA",
        }
    }

    /// Whether SIMBAD's hierarchy places the type below `V*`.
    pub fn is_variable_star(self) -> bool {
        (Self::RrLyrae..=Self::RsCvn).contains(&self)
    }

    /// Whether the type is a star of any kind.
    pub fn is_star(self) -> bool {
        self <= Self::RsCvn
    }

    /// Whether the type is a nebula or a cluster.
    pub fn is_nebula_or_cluster(self) -> bool {
        (Self::OpenCluster..=Self::ReflectionNebula).contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_sort_into_the_seeds_words() {
        for (object_type, simbad, seed) in [
            (ObjectType::Star, "*", "STAR"),
            (ObjectType::RedGiant, "RG*", "STAR"),
            (ObjectType::RrLyrae, "RR*", "VARIABLE_STAR"),
            (ObjectType::RsCvn, "RS*", "VARIABLE_STAR"),
            (ObjectType::OpenCluster, "OpC", "NEBULA"),
            (ObjectType::ReflectionNebula, "RNe", "NEBULA"),
            (ObjectType::Galaxy, "G", "GALAXY"),
            (ObjectType::Quasar, "QSO", "QUASAR"),
            (ObjectType::Asteroid, "Ast", "ASTEROID"),
        ] {
            assert_eq!(
                (object_type.simbad(), object_type.seed_name()),
                (simbad, seed)
            );
        }
    }
}
