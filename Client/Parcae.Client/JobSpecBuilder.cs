using Parcae.Grains;

namespace Parcae.Client;

/// <summary>
/// Makes a <see cref="JobSpec"/> piece by piece and checks it at the end. Every section is changed by a function from what it is to what it shall be, which a <c>with</c> expression is enough for.
/// </summary>
/// <example>
/// <code>
/// JobSpec spec = new JobSpecBuilder("first")
///     .Preset("gpt2")
///     .Model(m => m with { SequenceLength = 256 })
///     .Data("/data/books")
///     .Training(t => t with { Steps = 10_000, GlobalBatch = 64 })
///     .Build();
/// </code>
/// </example>
public sealed class JobSpecBuilder
{
    private JobSpec _spec;

    /// <summary>Begins with the default values.</summary>
    /// <param name="name">The job's name for people.</param>
    public JobSpecBuilder(string name) => _spec = new JobSpec { Name = name };

    /// <summary>Begins with a spec, such as one that was read from a document.</summary>
    public JobSpecBuilder(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _spec = spec;
    }

    /// <summary>Takes a well-known model, see <see cref="ModelPresets"/>.</summary>
    /// <exception cref="ArgumentException">There is no such model; the message lists those there are.</exception>
    public JobSpecBuilder Preset(string name) => With(_spec with { Model = ModelPresets.Get(name) });

    /// <summary>Changes the model.</summary>
    public JobSpecBuilder Model(Func<ModelSpec, ModelSpec> change) => With(_spec with { Model = Changed(change, _spec.Model) });

    /// <summary>Text files, CIFAR files, or folders of them, on the machines of the workers.</summary>
    public JobSpecBuilder Data(params string[] paths) => With(_spec with { Data = _spec.Data with { Paths = paths } });

    /// <summary>Changes the data.</summary>
    public JobSpecBuilder Data(Func<DataSpec, DataSpec> change) => With(_spec with { Data = Changed(change, _spec.Data) });

    /// <summary>Changes batch, optimizer and length of the run.</summary>
    public JobSpecBuilder Training(Func<TrainingSpec, TrainingSpec> change) => With(_spec with { Training = Changed(change, _spec.Training) });

    /// <summary>Changes what the planner may assume and use.</summary>
    public JobSpecBuilder Planning(Func<PlanningSpec, PlanningSpec> change) => With(_spec with { Planning = Changed(change, _spec.Planning) });

    /// <summary>Changes the job's standing among the jobs of the fleet.</summary>
    public JobSpecBuilder Sharing(Func<SharingSpec, SharingSpec> change) => With(_spec with { Sharing = Changed(change, _spec.Sharing) });

    /// <summary>Names the fleet.</summary>
    public JobSpecBuilder Fleet(string name) => With(_spec with { Fleet = name });

    /// <summary>The spec.</summary>
    /// <exception cref="JobSpecException">It has problems; all are named.</exception>
    public JobSpec Build()
    {
        var problems = JobSpecValidation.Problems(_spec);
        return problems.Count == 0 ? _spec : throw new JobSpecException(problems);
    }

    private static T Changed<T>(Func<T, T> change, T value)
    {
        ArgumentNullException.ThrowIfNull(change);
        return change(value);
    }

    private JobSpecBuilder With(JobSpec spec)
    {
        _spec = spec;
        return this;
    }
}
