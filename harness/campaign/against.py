"""``benchdl run --against``: an earlier build beside the one of now, in the same shuffled blocks.

What ran at another time met another state of the machine. An image is still there, so it is run
again: every configuration once as it is now and once as it was, in random order in each block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from harness.campaign import records
from harness.campaign.checked import Checked
from harness.campaign.plan import Configuration, Device, PlannedJob
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
            job.model_copy(update={"settings": self.settings[job.configuration]})
            if job.configuration.image
            else job
            for job in jobs
        ]


def find(
    question: Checked, launcher: Launcher, store: Store, say: Callable[[str], None]
) -> Earlier:
    """The counterparts of a question's configurations in what its ``against`` names.

    A campaign of the store tells its images, their pins, and the settings of each configuration;
    of an image alone, both are taken as they are now.

    Raises:
        UsageError: it names nothing, or no build of what is to run; or there are no images.
        BenchdlError: the engine no longer has an image.
    """
    word = str(question.options.against)
    if launcher.name != "docker":
        raise UsageError(
            f"--against {word} with launcher {launcher.name}: earlier builds are images",
            "add --launcher docker",
        )
    search = _Search(question, launcher, store, say)
    ids = [campaign.campaign_id for campaign in records.load(store)[0]]
    if word == "latest" or any(word in known for known in ids) or not _IMAGE.fullmatch(word):
        return search.in_campaign(records.find(store, word))
    return search.in_image(word)


def unlike(
    question: Checked, jobs: Iterable[PlannedJob], now: dict[tuple[str, str], str | None]
) -> None:
    """Make sure that there is something to compare.

    Args:
        question: what was asked.
        jobs: of now and of earlier builds.
        now: ids of the images of now, by backend and device.

    Raises:
        UsageError: an earlier build and its settings are those of now.
    """
    for job in jobs:
        wanted = job.configuration
        if wanted.image is None or wanted.image != now[wanted.backend, wanted.device]:
            continue
        if job.settings == question.settings(wanted):
            raise UsageError(
                f"--against {question.options.against}: the image of {wanted.backend} is still the "
                f"same ({_short(wanted.image)}), so there is nothing to compare",
                "benchdl selftest compares A with A",
            )


@dataclass(frozen=True)
class _Search:
    """What is to run, and where its earlier builds are looked for."""

    question: Checked
    launcher: Launcher
    store: Store
    say: Callable[[str], None]

    def in_campaign(self, campaign: Campaign) -> Earlier:
        """The builds that a campaign of the store ran in, with its settings."""
        known = {(ran.backend, ran.device): ran for ran in campaign.environments if not ran.earlier}
        wanted = dict.fromkeys(
            (asked.backend, asked.device) for asked in self.question.configurations
        )
        for backend, device in wanted:
            if (backend, device) not in known:
                raise UsageError(
                    f"campaign {campaign.campaign_id} has no build of {backend} for the {device}",
                    f"it ran {', '.join(sorted(f'{name} ({on})' for name, on in known))}",
                )
        if campaign.launcher != "docker":
            raise UsageError(
                f"campaign {campaign.campaign_id} ran without images: nothing of it can be run "
                "again",
                "name a campaign of the docker launcher, or an image",
            )
        environments = [known[build].model_copy(update={"earlier": True}) for build in wanted]
        for environment in environments:
            image = str(environment.provenance.image_id)
            whose = f"{environment.backend} in campaign {campaign.campaign_id}"
            self.launcher.known(image, whose)
        return Earlier(environments, self._with_settings_then(campaign, known))

    def _with_settings_then(
        self, campaign: Campaign, known: Mapping[tuple[str, Device], Environment]
    ) -> dict[Configuration, Settings]:
        then = _settings_then(campaign, self.store)
        found = {}
        for wanted in self.question.configurations:
            image = known[wanted.backend, wanted.device].provenance.image_id
            if wanted not in then:
                self.say(
                    f"note: {campaign.campaign_id} did not run {wanted}: its settings are those "
                    "of now"
                )
            found[wanted.model_copy(update={"image": image})] = then.get(
                wanted
            ) or self.question.settings(wanted)
        return found

    def in_image(self, word: str) -> Earlier:
        """The build that an image is: with the settings of a campaign that ran it, else of now."""
        provenance = self.launcher.known(word, "")
        backend = provenance.reference.rpartition("/")[2].partition(":")[0]
        flavour = provenance.flavour
        for wanted in self.question.configurations:
            if (wanted.backend, wanted.device) != (backend, flavour):
                raise UsageError(
                    f"--against {word}: it is an image of {backend} for the {flavour}, "
                    f"and {wanted} is to run as well",
                    f"run {backend} alone, or name a campaign",
                )
        for campaign in reversed(records.load(self.store)[0]):
            for ran in campaign.environments:
                if ran.provenance.image_id == provenance.image_id:
                    alone = ran.model_copy(update={"earlier": False})
                    return self.in_campaign(campaign.model_copy(update={"environments": [alone]}))
        self.say(
            f"note: no campaign here ran {word}: pins and settings are those of image.toml now"
        )
        environment = Environment(
            backend=backend,
            device=flavour,
            image_toml_sha256="",
            provenance=provenance,
            pins=self.launcher.pins(self.question.backends[backend], flavour),
            earlier=True,
        )
        return Earlier(
            [environment],
            {
                wanted.model_copy(update={"image": provenance.image_id}): self.question.settings(
                    wanted
                )
                for wanted in self.question.configurations
            },
        )


def _settings_then(campaign: Campaign, store: Store) -> dict[Configuration, Settings]:
    """Of each configuration of the campaign, from its results."""
    planned = {
        job.position: job.configuration.model_copy(update={"image": None})
        for job in campaign.jobs
        if job.settings is None
    }
    return {
        planned[result.job.campaign_position]: result.job.settings
        for result in records.results_of(store, campaign.campaign_id, lambda _: None)
        if result.job.campaign_position in planned
    }


def _short(image_id: str | None) -> str:
    return (image_id or "none").removeprefix("sha256:")[:12]
