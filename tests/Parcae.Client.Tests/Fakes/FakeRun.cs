using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Replay.Acting;
using Parcae.Grains;
using Parcae.Liveput.Traces;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A made-up run of the built-in trace, as a real one would report it: for the report, the live view and the result, without any process.</summary>
internal sealed class FakeRun
{
    public static readonly DateTimeOffset Begin = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Random _random = new(7);
    private readonly List<GenerationRecord> _generations = [];
    private readonly List<IntervalRecord> _intervals = [];
    private readonly List<StepResult> _steps = [];
    private readonly List<ThroughputSample> _throughput = [];

    public FakeRun(DemoOptions? options = null)
    {
        Options = options ?? new DemoOptions { Report = "/tmp/report.html" };
        Trace = BuiltInTraces.Get(Options.Trace).ScaleTo(Options.Instances);
        Replay = TraceReplay.Create([.. Trace.Intervals.Select(i => i.Available)], Options.Unannounced, Options.Seed);
        Play();
    }

    /// <summary>Its setting; the folder is gone.</summary>
    public DemoSetting Setting
    {
        get
        {
            var folder = DemoFolder.Create(null);
            folder.Remove();
            return new DemoSetting(Options, Trace, 0, Replay, folder, DemoStateFile.Fresh(folder, Options), new("dotnet", "silo"));
        }
    }

    public DemoOptions Options { get; }

    public AvailabilityTrace Trace { get; }

    public TraceReplay Replay { get; }

    public IReadOnlyList<ThroughputSample> Throughput => _throughput;

    public JobHistory History => new()
    {
        Spec = DemoJob.Create(Options, "/tmp/tokens"),
        Generations = [.. _generations],
        Steps = [.. _steps],
        Intervals = [.. _intervals],
        Ledger = new JobLedger { SamplesCommitted = _steps.Count * (long)Options.Batch, StepsReplayed = 1 },
        Outline = new ModelOutline { Description = "GPT, made up", Layers = [], StateBytesPerParameter = 12, Parameters = 1_260_000 },
    };

    public DemoResult Result => DemoResult.Of(
        "demo-12ab34cd", History, Replay.Counts, new PreemptionCounts(Replay.Losses - Replay.Unannounced, Replay.Unannounced),
        Replay.Counts.Count * Options.Interval.TotalSeconds, Options.Report);

    public DemoOutcome Outcome(Verification? verification = null) => new(Result, History, verification, 23_456_789, Begin);

    /// <summary>What a live view sees at an interval.</summary>
    public DemoSnapshot SnapshotAt(double position)
    {
        double second = position * Options.Interval.TotalSeconds;
        var generation = _generations.Last(g => (g.At - Begin).TotalSeconds <= second + 1);
        var alive = Alive(position);
        int used = generation.Pipelines * generation.Depth;
        var steps = _steps.Take(Math.Max(1, (int)(_steps.Count * position / Replay.Counts.Count))).ToArray();
        return new DemoSnapshot
        {
            Model = DemoJob.Describe(Options.Model),
            Trace = Trace.Name,
            Counts = Replay.Counts,
            Position = position,
            Elapsed = TimeSpan.FromSeconds(second + 18),
            Stage = "training",
            Losses = [.. steps.Select(s => s.Loss)],
            Status = new JobStatus
            {
                JobId = "demo-12ab34cd",
                Phase = JobPhase.Training,
                CommittedStep = steps.Length,
                Loss = steps[^1].Loss,
                SamplesPerSecond = 41.7,
                LastReconfiguration = generation,
                LastInterval = _intervals[Math.Min((int)position, _intervals.Count - 1)],
                Spares = [.. alive.Skip(used)],
                Plan = Plan(generation, alive),
            },
            Draining = new HashSet<string> { alive[0] },
            Starting = new HashSet<string> { "i-0042" },
            Noticed = 3,
            Unannounced = 1,
            Events =
            [
                new DemoEvent(TimeSpan.FromSeconds(second), DemoEventKind.Cloud, $"{alive[0]} has a notice: 3 s left"),
                new DemoEvent(TimeSpan.FromSeconds(second + 1), DemoEventKind.Job, $"generation {generation.Number}: {generation.Pipelines} x {generation.Depth}"),
                new DemoEvent(TimeSpan.FromSeconds(second + 2), DemoEventKind.Trouble, "i-0002: unexpected exit (code 134); the end of its log:\nterminate called [abc]"),
            ],
        };
    }

    private static GenerationPlan Plan(GenerationRecord generation, string[] alive)
    {
        var places = new List<Place>();
        for (int d = 0; d < generation.Pipelines; d++)
        {
            for (int p = 0; p < generation.Depth; p++)
            {
                int at = d * generation.Depth + p;
                string id = at < alive.Length ? alive[at] : $"i-09{at:00}";
                places.Add(new Place(d, p, new PeerEndpoint(id, "127.0.0.1", 1)));
            }
        }

        return new GenerationPlan
        {
            JobId = "demo",
            Generation = generation.Number,
            Pipelines = generation.Pipelines,
            Depth = generation.Depth,
            Stages = [.. Enumerable.Range(0, generation.Depth).Select(p => new LayerRange(p, 1))],
            Places = [.. places],
            StartStep = generation.AtStep,
        };
    }

    private string[] Alive(double position)
    {
        var alive = Replay.Initial.ToList();
        foreach (var e in Replay.Events.Where(e => e.At <= position))
        {
            if (e.Action == ReplayAction.Start) alive.Add(e.Instance);
            if (e.Action == ReplayAction.Kill) _ = alive.Remove(e.Instance);
        }

        return [.. alive];
    }

    private void Play()
    {
        double interval = Options.Interval.TotalSeconds;
        (int D, int P) plan = default;
        for (int i = 0; i < Replay.Counts.Count; i++)
        {
            int n = Replay.Counts[i];
            (int D, int P) next = n < 2 ? default : n switch { 2 => (1, 2), 3 => (1, 3), 4 => (2, 2), 5 => (1, 5), 6 => (2, 3), _ => (n / 2, 2) };
            if (next != plan && next.D > 0) Begins(i, interval, plan, next);
            plan = next;
            _intervals.Add(new IntervalRecord(i, n, i == 0 ? n : Replay.Counts[i - 1], n, plan.D, plan.P, (i + 1) * interval));
            double speed = plan.D * plan.P * 8.5;
            for (double s = 0; s < interval; s += 0.25) _throughput.Add(new ThroughputSample(i * interval + s, speed * (0.9 + 0.2 * _random.NextDouble()), _steps.Count));
            for (int s = 0; s < (int)(speed * interval / Options.Batch); s++)
            {
                int step = _steps.Count;
                double loss = 1.9 + 3.7 * Math.Exp(-step / 60.0) + 0.06 * (_random.NextDouble() - 0.5);
                _steps.Add(new StepResult(step, loss, 1, (ulong)step * 977, Options.Batch, 0.2));
            }
        }
    }

    private void Begins(int interval, double seconds, (int D, int P) from, (int D, int P) to)
    {
        bool first = _generations.Count == 0;
        _generations.Add(new GenerationRecord
        {
            Number = _generations.Count + 1,
            Cause = first ? "first instances" : $"i-{interval:0000} {(to.D * to.P < from.D * from.P ? "lost without notice" : "joined")}",
            Kind = first ? MigrationKind.Start : from.D == 0 ? MigrationKind.Resume : to.P != from.P ? MigrationKind.Pipeline : to.D < from.D ? MigrationKind.IntraStage : MigrationKind.InterStage,
            Pipelines = to.D,
            Depth = to.P,
            AtStep = _steps.Count,
            PauseMilliseconds = first ? 0 : 80 + 400 * _random.NextDouble(),
            PrepareMilliseconds = 60 + 300 * _random.NextDouble(),
            BytesMoved = first ? 0 : _random.Next(1_000_000, 15_000_000),
            StepsReplayed = 0,
            At = Begin.AddSeconds(interval * seconds + 0.4),
            Liveput = to.D * to.P * 8,
            Source = first ? "seed" : "peers",
        });
    }
}
