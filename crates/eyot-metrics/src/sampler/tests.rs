//! What is chosen.

use super::Sampler;

#[test]
fn the_first_of_every_sixty_one_is_measured() {
    let sampler = Sampler::default();
    let chosen: Vec<u32> = (0..200).filter(|_| sampler.is_next()).collect();
    assert_eq!(chosen, [0, 61, 122, 183]);
}
