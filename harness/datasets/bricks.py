"""The game of ``dqn-bricks``, in a dataset's place: it is played, and nothing is read."""

from harness.dataset_spec import DatasetSpec

DATASET = DatasetSpec(
    name="bricks",
    title="the game of bricks",
    holds="a paddle, a ball and bricks on a small grid: a game, played while it is learned",
    source="the rules of runner/games/brick_game.py",
    licence="that of benchdl",
    train_samples=0,
    test_samples=200,
    sample_shape=(10, 10, 4),
    classes=3,
    files=(),
)
