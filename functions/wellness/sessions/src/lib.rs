//! See `contract.rs`: the macro says what a line means.

#[macro_use]
mod contract;

modules! {
    //! Sessions of every module: begun, heard of, changed and ended by one set of rules (`edge.session_next`).

    meditation "/wellness/meditation-sessions" meditation_session, "of meditation";
    breathing "/wellness/breathing-vr-sessions" breathing_session, "of breathing, with a headset or without",
        "Where the pattern has holds or is fast, the notice `breathing-notice` must have been agreed to." [refusal::CONSENT_REQUIRED];
    music "/wellness/music-sessions" music_session, "of listening";
    cards "/wellness/flash-lite-sessions" flash_lite_session, "of cards";
    galaxy "/wellness/vr-nebula-sessions" nebula_session, "in a scene";
    dome "/wellness/vr-dome-sessions" dome_session, "in a dome, alone or in a room";
    story "/wellness/story-sessions" story_session, "of reading a story";
    screen "/wellness/screen-silk-sessions" screen_session, "of resting the eyes";
    bubbles "/wellness/bubble-beat-sessions" bubble_session, "of popping bubbles";
    filters "/wellness/ar-filter-sessions" filter_session, "with a filter";
}

mod engine;
mod module;
mod modules;

use edge::refusal;

#[cfg(test)]
mod tests;
