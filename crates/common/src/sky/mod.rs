//! What is in the sky: seeded sources, geometry, photometry, astrometry, variability and the targets people look at.
