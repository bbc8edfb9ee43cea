using System.Globalization;
using System.Text.Json;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A job's checkpoints in a folder: one safetensors file per version with every parameter by its name (<c>blocks.0.attention.qkv.weight</c>) and
/// the optimizer's moments (<c>first_moment.</c>, <c>second_moment.</c>). The newest three are kept. One writer per job.
/// </summary>
public sealed class CheckpointStore
{
    /// <summary>Checkpoints that are kept.</summary>
    public const int Kept = 3;

    private const string FormatVersion = "1";
    private const string Prefix = "step-";
    private const string Suffix = ".safetensors";

    private static readonly string[] TensorPrefixes = ["", "first_moment.", "second_moment."];

    private readonly string _folder;

    /// <summary>Opens the store; its folder is made by the first checkpoint.</summary>
    /// <param name="folder">Holds one folder per job.</param>
    /// <param name="jobId">The job.</param>
    public CheckpointStore(string folder, string jobId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        if (jobId is "." or ".." || jobId.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()) || jobId.Contains('\\', StringComparison.Ordinal))
            throw new ArgumentException($"'{jobId}' cannot be the name of a folder.", nameof(jobId));
        _folder = Path.Combine(folder, jobId);
    }

    /// <summary>The file of a version, whether it exists or not.</summary>
    public string PathOf(int version) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{version:D10}{Suffix}"));

    /// <summary>Versions of which there is a file, ascending. Whether a file is whole shows when it is loaded.</summary>
    public IReadOnlyList<int> Versions() => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, Prefix + "*" + Suffix).Select(f => Path.GetFileName(f)[Prefix.Length..^Suffix.Length])
            .Where(v => int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(v => int.Parse(v, CultureInfo.InvariantCulture)).Order()]
        : [];

    /// <summary>Writes a checkpoint: it appears whole or not at all. Then deletes all but the newest three.</summary>
    /// <param name="version">Steps applied.</param>
    /// <param name="model">The model.</param>
    /// <param name="training">The job's training.</param>
    /// <param name="states">Every layer in order, all at <paramref name="version"/>; they must not change meanwhile.</param>
    public void Write(int version, IStagedModel model, TrainingSpec training, IReadOnlyList<LayerState> states)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(states);
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        if (!states.Select(s => (s.Layer, s.Version)).SequenceEqual(Enumerable.Range(0, model.LayerCount).Select(layer => (layer, version))))
        {
            var given = string.Join(", ", states.Select(s => $"{s.Layer} at {s.Version}"));
            throw new ArgumentException($"A checkpoint of version {version} needs layers 0..{model.LayerCount - 1} at that version, not {given}.", nameof(states));
        }

        Directory.CreateDirectory(_folder);
        foreach (var unfinished in Directory.EnumerateFiles(_folder, "*" + CheckpointFile.Unfinished)) File.Delete(unfinished); // of a writer that was killed
        var contents = states.SelectMany(Contents).Select(c => (c.Name, c.Parameter.Shape, (ReadOnlyMemory<byte>)c.Data));
        CheckpointFile.Write(PathOf(version), Metadata(version, model.Spec, training.Seed), [.. contents]);
        // The one just written stays in any case: after falling back, newer ones of the abandoned run may still lie here.
        foreach (int old in Versions().Where(v => v != version).SkipLast(Kept - 1)) File.Delete(PathOf(old));
    }

    /// <summary>Loads a checkpoint. All of it is checked before a state is handed out.</summary>
    /// <param name="version">One of <see cref="Versions"/>.</param>
    /// <param name="model">The model that it must be of.</param>
    /// <param name="training">The training that it must be of.</param>
    /// <returns>Every layer in order; the caller disposes of them.</returns>
    /// <exception cref="CheckpointException">The file is missing, damaged, or of another version, model or seed.</exception>
    public IReadOnlyList<LayerState> Load(int version, IStagedModel model, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(model);
        var path = PathOf(version);
        using var file = CheckpointFile.Open(path);
        foreach (var (key, expected) in Metadata(version, model.Spec, training.Seed))
        {
            if (!file.Header.Metadata.TryGetValue(key, out var actual) || actual != expected)
                throw new CheckpointException(path, $"its {key} is {actual ?? "not given"}; expected was {expected}.");
        }

        var entries = file.Header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        var states = new List<LayerState>();
        try
        {
            for (int layer = 0; layer < model.LayerCount; layer++)
            {
                states.Add(LayerState.Allocate(model, layer, version, training));
                foreach (var (name, parameter, data) in Contents(states[^1]))
                {
                    if (!entries.Remove(name, out var entry)) throw new CheckpointException(path, $"tensor '{name}' is missing.");
                    if (!entry.Shape.SequenceEqual(parameter.Shape))
                    {
                        var (actual, expected) = (string.Join(", ", entry.Shape), string.Join(", ", parameter.Shape));
                        throw new CheckpointException(path, $"tensor '{name}' has shape [{actual}]; expected was [{expected}].");
                    }

                    file.Read(entry, data.Span);
                }
            }

            if (entries.Count > 0) throw new CheckpointException(path, $"tensor '{entries.Keys.First()}' is none of this model's.");
            return states;
        }
        catch
        {
            foreach (var state in states) state.Dispose();
            throw;
        }
    }

    private static Dictionary<string, string> Metadata(int version, ModelSpec model, int seed) => new(StringComparer.Ordinal)
    {
        ["format"] = "parcae-checkpoint",
        ["format_version"] = FormatVersion,
        ["step"] = version.ToString(CultureInfo.InvariantCulture),
        ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
        ["model"] = JsonSerializer.Serialize(model),
    };

    // The flat tensors' memory, parameter by parameter: what lies one after the other in memory lies so in the file.
    private static IEnumerable<(string Name, ParameterSlice Parameter, Memory<byte> Data)> Contents(LayerState state)
    {
        foreach (var (prefix, tensor) in TensorPrefixes.Zip(state.Tensors))
        {
            var memory = tensor.Bytes();
            foreach (var p in state.Layout.Parameters)
                yield return ($"{prefix}{state.Layout.Name}.{p.Name}", p, memory.Slice((int)p.Offset * sizeof(float), (int)p.Length * sizeof(float)));
        }
    }
}
