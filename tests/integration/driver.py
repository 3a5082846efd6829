"""The real commands on a real Kafka: a recording, what its replay says, and a cluster that runs ingest, worker and tail on it."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from kafka_murmur import partition_of  # placeholder

