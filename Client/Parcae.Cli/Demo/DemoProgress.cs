using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary>What kind of thing happened: decides its colour.</summary>
internal enum DemoEventKind
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>The cloud did something: an instance came, was noticed, or vanished.</summary>
    Cloud,

    /// <summary>The job did something: a reconfiguration, a pause.</summary>
    Job,

    /// <summary>Something that was not planned.</summary>
    Trouble,
}

/// <summary>One line of the event log.</summary>
/// <param name="At">Time since the demo began.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">For people.</param>
internal sealed record DemoEvent(TimeSpan At, DemoEventKind Kind, string Text);

/// <summary>One look at the job's speed.</summary>
/// <param name="Seconds">Since the job was submitted.</param>
/// <param name="SamplesPerSecond">Over the last seconds.</param>
/// <param name="Step">Committed steps.</param>
internal readonly record struct ThroughputSample(double Seconds, double SamplesPerSecond, int Step);

/// <summary>A demo at one moment, for a view.</summary>
internal sealed record DemoSnapshot
{
    /// <summary>What is shown.</summary>
    public string Title { get; init; } = "parcae demo";

    /// <summary>The model in words.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the trace.</summary>
    public required string Trace { get; init; }

    /// <summary>Instances in each interval of it.</summary>
    public required IReadOnlyList<int> Counts { get; init; }

    /// <summary>Intervals replayed.</summary>
    public double Position { get; init; }

    /// <summary>Time since the demo began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What is being done.</summary>
    public string Stage { get; init; } = "starting";

    /// <summary>The job, once there is one.</summary>
    public JobStatus? Status { get; init; }

    /// <summary>Loss of each committed step.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Everything that happened, oldest first.</summary>
    public IReadOnlyList<DemoEvent> Events { get; init; } = [];

    /// <summary>Instances with a notice.</summary>
    public IReadOnlySet<string> Draining { get; init; } = new HashSet<string>();

    /// <summary>Instances that are coming up.</summary>
    public IReadOnlySet<string> Starting { get; init; } = new HashSet<string>();

    /// <summary>Instances lost after a notice.</summary>
    public int Noticed { get; init; }

    /// <summary>Instances lost without notice.</summary>
    public int Unannounced { get; init; }

    /// <summary>Steps of the undisturbed run that are done, and all of them; null when there is none.</summary>
    public (int Done, int All)? Verifying { get; init; }
}

/// <summary>Where everything that a view or the report needs comes together. Safe for concurrent use.</summary>
internal sealed class DemoProgress(string model, string trace, IReadOnlyList<int> counts, TimeProvider time, string title = "parcae demo")
{
    private readonly Lock _lock = new();
    private readonly long _begin = time.GetTimestamp();
    private readonly List<DemoEvent> _events = [];
    private readonly List<double> _losses = [];
    private readonly List<ThroughputSample> _throughput = [];
    private readonly HashSet<string> _draining = [];
    private readonly HashSet<string> _starting = [];
    private DemoSnapshot _now = new() { Title = title, Model = model, Trace = trace, Counts = counts };
    private TimeSpan? _submitted;
    private int _firstStep;

    /// <summary>Told of each event as it happens.</summary>
    public event Action<DemoEvent>? Happened;

    /// <summary>Asked for the position in the trace.</summary>
    public Func<double> Position { get; set; } = () => 0;

    /// <summary>Time since the demo began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_begin);

    /// <summary>Speed over time.</summary>
    public ThroughputSample[] Throughput
    {
        get { lock (_lock) return [.. _throughput]; }
    }

    /// <summary>Everything as it is now.</summary>
    public DemoSnapshot Snapshot()
    {
        lock (_lock)
            return _now with
            {
                Elapsed = Elapsed,
                Position = Position(),
                Losses = [.. _losses],
                Events = [.. _events],
                Draining = _draining.ToHashSet(),
                Starting = _starting.ToHashSet(),
            };
    }

    /// <summary>What is being done now.</summary>
    public void Stage(string stage)
    {
        Change(s => s with { Stage = stage });
        Event(DemoEventKind.Info, stage);
    }

    /// <summary>Something happened.</summary>
    public void Event(DemoEventKind kind, string text)
    {
        var happened = new DemoEvent(Elapsed, kind, text);
        lock (_lock) _events.Add(happened);
        Happened?.Invoke(happened);
    }

    /// <summary>The job was submitted, or what is shown of it begins: its time starts.</summary>
    /// <param name="firstStep">The first step that is shown.</param>
    /// <param name="ago">How long ago that was.</param>
    public void Submitted(int firstStep = 0, TimeSpan ago = default) => (_submitted, _firstStep) = (Elapsed - ago, firstStep);

    /// <summary>What had happened before this command began.</summary>
    public void Before(int noticed, int unannounced) => Change(s => s with { Noticed = noticed, Unannounced = unannounced });

    /// <summary>The job moved.</summary>
    public void Update(JobStatus status, IReadOnlyList<StepResult> steps)
    {
        lock (_lock)
        {
            _now = _now with { Status = status };
            foreach (var step in steps)
            {
                // A step that is run again replaces what it was.
                int at = step.Step - _firstStep;
                if (at < 0) continue;
                if (at < _losses.Count) _losses.RemoveRange(at, _losses.Count - at);
                _losses.Add(step.Loss);
            }

            if (_submitted is { } begin)
                _throughput.Add(new ThroughputSample((Elapsed - begin).TotalSeconds, status.Phase == JobPhase.Paused ? 0 : status.SamplesPerSecond, status.CommittedStep));
        }
    }

    /// <summary>An instance is coming up.</summary>
    public void Starting(string instance) => Locked(() => _starting.Add(instance));

    /// <summary>An instance is up.</summary>
    public void Up(string instance) => Locked(() => _starting.Remove(instance));

    /// <summary>An instance has a notice.</summary>
    public void Noticed(string instance) => Locked(() => _draining.Add(instance));

    /// <summary>An instance is gone.</summary>
    /// <param name="instance">Which.</param>
    /// <param name="counted">True: after a notice; false: without; null: it never took part.</param>
    public void Gone(string instance, bool? counted)
    {
        Locked(() => _draining.Remove(instance) | _starting.Remove(instance));
        if (counted is { } noticed)
            Change(s => noticed ? s with { Noticed = s.Noticed + 1 } : s with { Unannounced = s.Unannounced + 1 });
    }

    /// <summary>The undisturbed run moved.</summary>
    public void Verifying(int done, int all) => Change(s => s with { Verifying = (done, all) });

    private void Change(Func<DemoSnapshot, DemoSnapshot> change)
    {
        lock (_lock) _now = change(_now);
    }

    private void Locked(Func<bool> change)
    {
        lock (_lock) _ = change();
    }
}
