"""``benchdl run --against``: an earlier build beside the one of now, in the same shuffled blocks.

What ran at another time met another state of the machine. An image is still there, so it is run
again: every configuration once as it is now and once as it was, in random order in each block.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness import catalog, settings
from harness.campaign import records
from harness.campaign.plan import Configuration, Options, PlannedJob
from harness.campaign.records import Campaign, Environment
from harness.errors import UsageError
from harness.launchers.launcher import Launcher
from harness.store import Store
from runner.contract.job import Settings

_IMAGE = re.compile(r"(sha256:)?[0-9a-f]{12,64}|[^\s/]+/[^\s]+:[^\s]+")


@dataclass(frozen=True)
class Earlier:
    """The earlier builds, what is to run in them, and with which settings."""

    environments: list[Environment]
    settings: dict[Configuration, Settings]

    @property
    def configurations(self) -> list[Configuration]:
        """Of the earlier builds."""
        return list(self.settings)

    def settled(self, jobs: list[PlannedJob]) -> list[PlannedJob]:
        """The jobs, those of earlier builds with the settings of then."""
        return [
            one.model_copy(update={"settings": self.settings[one.configuration]})
            if one.configuration.image
            else one
            for one in jobs
        ]


def find(
    configurations: list[Configuration],
    options: Options,
    launcher: Launcher,
    store: Store,
    say: Callable[[str], None],
) -> Earlier:
    """The counterparts of ``configurations`` in what ``options.against`` names.

    A campaign of the store tells its images, their pins, and the settings of each configuration;
    of an image alone, both are taken as they are now.

    Raises:
        UsageError: it names nothing, or no build of what is to run; or there are no images.
        BenchdlError: the engine no longer has an image.
    """
    word = str(options.against)
    if launcher.name != "docker":
        raise UsageError(
            f"--against {word} with launcher {launcher.name}: earlier builds are images",
            "add --launcher docker",
        )
    ids = [one.campaign_id for one in records.load(store)[0]]
    if word == "latest" or any(word in one for one in ids) or not _IMAGE.fullmatch(word):
        named = records.find(store, word)
        return _of_campaign(named, configurations, options, launcher, store, say)
    return _of_image(word, configurations, options, launcher, store, say)


def unlike(earlier: Earlier, now: dict[tuple[str, str], str | None], options: Options) -> None:
    """Make sure that there is something to compare.

    Args:
        earlier: the earlier builds.
        now: ids of the images of now, by backend and device.
        options: of the campaign.

    Raises:
        UsageError: an earlier build and its settings are those of now.
    """
    for one, then in earlier.settings.items():
        if one.image == now[one.backend, one.device] and then == _settings_now(one, options):
            raise UsageError(
                f"--against {options.against}: the image of {one.backend} is still the same "
                f"({_short(one.image)}), so there is nothing to compare",
                "benchdl selftest compares A with A",
            )


def _of_campaign(
    campaign: Campaign,
    configurations: list[Configuration],
    options: Options,
    launcher: Launcher,
    store: Store,
    say: Callable[[str], None],
) -> Earlier:
    known = {(one.backend, one.device): one for one in campaign.environments if not one.earlier}
    missing = [one for one in configurations if (one.backend, one.device) not in known]
    if missing:
        raise UsageError(
            f"campaign {campaign.campaign_id} has no build of {missing[0].backend} for the "
            f"{missing[0].device}",
            f"it ran {', '.join(sorted(f'{name} ({device})' for name, device in known))}",
        )
    if campaign.launcher != "docker":
        raise UsageError(
            f"campaign {campaign.campaign_id} ran without images: nothing of it can be run again",
            "name a campaign of the docker launcher, or an image",
        )
    wanted = dict.fromkeys((one.backend, one.device) for one in configurations)
    environments = [known[one].model_copy(update={"earlier": True}) for one in wanted]
    for environment in environments:
        image = str(environment.provenance.image_id)
        launcher.earlier(image, f"{environment.backend} in campaign {campaign.campaign_id}", say)
    then = _settings_then(campaign, store)
    images = {(one.backend, one.device): one.provenance.image_id for one in environments}
    found = {}
    for one in configurations:
        old = one.model_copy(update={"image": images[one.backend, one.device]})
        found[old] = then.get(one) or _settings_now(one, options)
        if one not in then:
            say(f"note: {campaign.campaign_id} did not run {one}: its settings are those of now")
    return Earlier(environments, found)


def _of_image(
    word: str,
    configurations: list[Configuration],
    options: Options,
    launcher: Launcher,
    store: Store,
    say: Callable[[str], None],
) -> Earlier:
    provenance = launcher.earlier(word, "", say)
    backend = provenance.reference.rpartition("/")[2].partition(":")[0]
    fitting = [
        one for one in configurations if (one.backend, one.device) == (backend, provenance.flavour)
    ]
    others = [one for one in configurations if one not in fitting]
    if others:
        raise UsageError(
            f"--against {word}: it is an image of {backend} for the {provenance.flavour}, "
            f"and {others[0]} is to run as well",
            f"run {backend} alone, or name a campaign",
        )
    for campaign in reversed(records.load(store)[0]):
        for one in campaign.environments:
            if one.provenance.image_id == provenance.image_id:
                alone = one.model_copy(update={"earlier": False})
                told = campaign.model_copy(update={"environments": [alone]})
                return _of_campaign(told, configurations, options, launcher, store, say)
    say(f"note: no campaign here ran {word}: pins and settings are those of image.toml now")
    environment = Environment(
        backend=backend,
        device=provenance.flavour,
        image_toml_sha256="",
        provenance=provenance,
        pins=launcher.pins(catalog.load(backend), provenance.flavour),
        earlier=True,
    )
    return Earlier(
        [environment],
        {
            one.model_copy(update={"image": provenance.image_id}): _settings_now(one, options)
            for one in fitting
        },
    )


def _settings_now(one: Configuration, options: Options) -> Settings:
    return settings.resolve(
        catalog.load(one.backend), one.variant, options.overrides, mode=one.mode
    )


def _settings_then(campaign: Campaign, store: Store) -> dict[Configuration, Settings]:
    """Of each configuration of the campaign, from its results."""
    planned = {
        one.position: one.configuration.model_copy(update={"image": None})
        for one in campaign.jobs
        if one.settings is None
    }
    return {
        planned[result.job.campaign_position]: result.job.settings
        for result in records.results_of(store, campaign.campaign_id, lambda _: None)
        if result.job.campaign_position in planned
    }


def _short(image_id: str | None) -> str:
    return (image_id or "none").removeprefix("sha256:")[:12]
