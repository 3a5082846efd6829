"""Settings of the process: where Kafka is, what is allowed, where files lie. From the environment, read when `load_settings` is called.

The policy (what is watched and who is told) is `config/fenghuo.yaml`, read by `config/loader.py`.
"""

from __future__ import annotations

import difflib
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import SettingsError

__all__ = [
    "ApiSettings",
    "GatewaySettings",
    "KafkaSettings",
    "Limits",
    "MetricsSettings",
    "Settings",
    "StoreSettings",
    "TopicSettings",
    "load_settings",
    "meant",
    "read_secrets",
    "variables",
]

PREFIX = "FENGHUO_"


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(_Group):
    """Which Kafka, and how to be let in. Without `bootstrap` the embedded broker is used."""

    bootstrap: str | None = None
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    client_id: str = "fenghuo"

    @model_validator(mode="after")
    def _consistent(self) -> KafkaSettings:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError("security_protocol SASL_* needs sasl_username and sasl_password")
        if (self.ssl_certfile is None) != (self.ssl_keyfile is None):
            raise ValueError("ssl_certfile and ssl_keyfile belong together; give both")
        return self

    def kafka_options(self) -> dict[str, Any]:
        """Keyword arguments of an aiokafka client. Raises SettingsError when a certificate cannot be read."""
        options: dict[str, Any] = {"client_id": self.client_id, "security_protocol": self.security_protocol}
        if self.bootstrap is not None:
            options["bootstrap_servers"] = [server.strip() for server in self.bootstrap.split(",")]
        if self.security_protocol.startswith("SASL") and self.sasl_password is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password.get_secret_value()
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = self._ssl_context()
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
            if self.ssl_certfile is not None:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile)
        except OSError as error:  # ssl.SSLError is one
            names = ", ".join(str(path) for path in (self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile) if path is not None)
            raise SettingsError(
                f"{PREFIX}KAFKA__SSL_*: the certificates ({names}) cannot be used: {error.strerror or error}; give PEM files"
            ) from error
        return context


class TopicSettings(_Group):
    """Partition counts of the events topic (and the conversation stage), the scope stage and the alert stage. State is made for one set.

    `replication` -1 leaves the factor to the cluster (the embedded one has 1). `create`: a worker creates topics that are missing.
    """

    events: int = Field(default=4, ge=1, le=256)
    scopes: int = Field(default=4, ge=1, le=256)
    alerts: int = Field(default=1, ge=1, le=256)
    replication: int = Field(default=-1, ge=-1, le=7)
    create: bool = True

    @model_validator(mode="after")
    def _not_zero(self) -> TopicSettings:
        if self.replication == 0:
            raise ValueError("replication is at least 1, or -1 for the cluster's own default")
        return self


class MetricsSettings(_Group):
    """Where Prometheus scrapes."""

    host: str = "127.0.0.1"
    port: int = Field(default=9464, ge=0, le=65_535)


class Limits(_Group):
    """Bounds of a record (bytes) and of a batch (events, bytes, milliseconds)."""

    max_record_bytes: int = Field(default=1 << 20, ge=1024)
    batch_events: int = Field(default=500, ge=1, le=100_000)
    batch_bytes: int = Field(default=4 << 20, ge=1024)
    flush_ms: int = Field(default=20, ge=0, le=60_000)


class StoreSettings(_Group):
    """The database alerts can be asked from: `sqlite:///path` or `postgresql://user:password@host/name`. Ended alerts stay for a while.

    `audit`: whoever fills this store also writes the audit topic; of the stores of a cluster one does.
    """

    url: SecretStr | None = None
    audit: bool = True
    retention_days: float = Field(default=90.0, gt=0, le=36_500)


class ApiSettings(_Group):
    """Where the HTTP API listens, and who may use it (`streams/api/tokens.py`): a list in JSON, or in a file.

    `hosts` are names it is reached under besides its own address, `origins` those of pages whose scripts may use it.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8741, ge=0, le=65_535)
    tokens: SecretStr | None = None
    tokens_file: Path | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class GatewaySettings(_Group):
    """Where `fenghuo gateway` listens, and its bounds.

    Bytes of a body (also after unpacking), of one event, of all bodies on their way; events of one request; seconds until Kafka must have
    acknowledged; past events and requests remembered. `tenant` and `token` are one token without a file of tokens.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    tenant: str | None = Field(default=None, pattern=r"^[^/\s]+$")
    token: SecretStr | None = None
    max_body_bytes: int = Field(default=8 << 20, ge=1024, le=64 << 20)
    max_event_bytes: int = Field(default=1 << 20, ge=1024, le=4 << 20)
    max_events: int = Field(default=10_000, ge=1, le=100_000)
    max_inflight_bytes: int = Field(default=64 << 20, ge=1024)
    ack_timeout_s: float = Field(default=10.0, gt=0, le=120)
    remembered: int = Field(default=200_000, ge=0, le=10_000_000)

    @model_validator(mode="after")
    def _consistent(self) -> GatewaySettings:
        if (self.tenant is None) != (self.token is None):
            raise ValueError("tenant and token belong together; give both, or name tokens in the gateway's file")
        if self.max_inflight_bytes < self.max_body_bytes:
            raise ValueError("max_inflight_bytes is below max_body_bytes: no full body would ever be let in")
        return self


class PrivacySettings(_Group):
    """`secret` keys the pseudonyms that replace ids holding private data (a phone as a customer's id). All processes need the same one."""

    secret: SecretStr = SecretStr("")


def _data_dir() -> Path:
    return _home("XDG_DATA_HOME", ".local/share")


def _cache_dir() -> Path:
    return _home("XDG_CACHE_HOME", ".cache")


def _home(variable: str, below_home: str) -> Path:
    """The user's folder for one kind of files."""
    base = os.environ.get(variable, "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / below_home) / "fenghuo"


class Settings(BaseSettings):
    """All settings. `FENGHUO_KAFKA__BOOTSTRAP=localhost:9092` sets `kafka.bootstrap`; no file is read."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True, env_file=None)

    kafka: KafkaSettings = KafkaSettings()
    topics: TopicSettings = TopicSettings()
    metrics: MetricsSettings = MetricsSettings()
    limits: Limits = Limits()
    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    privacy: PrivacySettings = PrivacySettings()
    gateway: GatewaySettings = GatewaySettings()
    data_dir: Path = Field(default_factory=_data_dir)
    cache_dir: Path = Field(default_factory=_cache_dir)


def load_settings(**overrides: Any) -> Settings:
    """The settings; `overrides` (of the command line) go before the environment, key by key.

    Raises SettingsError naming the variable, never its value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = PREFIX + "__".join(str(part).upper() for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = meant(variable)
            raise SettingsError(f"{variable}: there is no such setting; " + (f"is {near} meant?" if near else "unset it")) from None
        raise SettingsError(f"{variable}: {first['msg'].removeprefix('Value error, ')}") from None


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[str]:
    """The environment variables of a model's settings.

    >>> "FENGHUO_KAFKA__BOOTSTRAP" in set(variables(Settings))
    True
    """
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{variable}__")
        else:
            yield variable


def meant(name: str) -> str | None:
    """The setting whose variable is most like this name, if one is.

    >>> meant("FENGHUO_GATEWAY__TOKN")
    'FENGHUO_GATEWAY__TOKEN'
    """
    return next(iter(difflib.get_close_matches(name, set(variables(Settings)), 1)), None)


def read_secrets(names: Sequence[str], files: Sequence[str | Path], environ: Mapping[str, str] | None = None) -> tuple[SecretStr, ...]:
    """Secrets out of environment variables, then out of files (one each, without the line's end).

    Raises SettingsError naming the variable or file that is missing or empty.
    """
    known = os.environ if environ is None else environ
    found = []
    for name in names:
        if not known.get(name, "").strip():
            raise SettingsError(f"the environment variable {name} holds no secret; set it, or remove it from secret_env")
        found.append(SecretStr(known[name].strip()))
    for file in files:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the secret file {file} cannot be read ({type(error).__name__}); check the path and its rights") from error
        if not text:
            raise SettingsError(f"the secret file {file} is empty; put the secret there, or remove it from secret_file")
        found.append(SecretStr(text))
    return tuple(found)
