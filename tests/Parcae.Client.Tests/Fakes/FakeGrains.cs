using System.Reflection;

using Parcae.Grains;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A grain factory whose grains answer as told, so that the client can be tried without a silo.</summary>
public class FakeGrains : DispatchProxy
{
    private readonly Dictionary<Type, object> _grains = [];

    public List<string> Keys { get; } = [];

    public static (IGrainFactory Factory, FakeGrains Grains) Create()
    {
        var factory = Create<IGrainFactory, FakeGrains>();
        return (factory, (FakeGrains)(object)factory);
    }

    public FakeGrains Add<T>(T grain) where T : notnull
    {
        _grains[typeof(T)] = grain;
        return this;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Keys.Add($"{targetMethod!.GetGenericArguments()[0].Name} {args![0]}");
        return _grains[targetMethod.GetGenericArguments()[0]];
    }
}

/// <summary>A job grain that plays a script: each look at its status takes the next entry, an exception being thrown.</summary>
internal sealed class ScriptedJob(params object[] script) : IJobGrain
{
    private int _next;

    public List<string> Calls { get; } = [];

    public JobSpec? Submitted { get; private set; }

    public List<JobEvent> Log { get; } = [];

    public StepResult[] Steps { get; set; } = [];

    public Task<JobStatus> Status()
    {
        object now = script[Math.Min(_next++, script.Length - 1)];
        return now is Exception e ? Task.FromException<JobStatus>(e) : Task.FromResult((JobStatus)now);
    }

    public Task<JobEvent[]> Events(long sequence) => Task.FromResult(Log.Where(e => e.Sequence > sequence).ToArray());

    public Task<JobHistory> History(int fromStep)
    {
        Calls.Add($"history {fromStep}");
        return Task.FromResult(new JobHistory
        {
            Spec = Submitted ?? new JobSpec(),
            Generations = [],
            Intervals = [],
            Ledger = new JobLedger(),
            Steps = [.. Steps.Where(s => s.Step >= fromStep)],
        });
    }

    public Task Submit(JobSpec spec)
    {
        Submitted = spec;
        return Call("submit");
    }

    public Task Pause() => Call("pause");

    public Task Resume() => Call("resume");

    public Task Cancel() => Call("cancel");

    public Task Finish() => Call("finish");

    public Task Follow(FollowedPlan? plan) => Call($"follow {plan?.Id ?? "nothing"}");

    public Task<ReconfigurationRecord?> Reconfiguration(int generation) => throw new NotSupportedException();

    public Task<StepAck> ReportSteps(StepReport report) => throw new NotSupportedException();

    public Task ReportBroken(BrokenReport report) => throw new NotSupportedException();

    private Task Call(string what)
    {
        Calls.Add(what);
        object now = script[Math.Min(_next++, script.Length - 1)];
        return now is Exception e ? Task.FromException(e) : Task.CompletedTask;
    }
}
