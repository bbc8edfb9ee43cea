using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A job's checkpoints in a folder: <c>step-00000125.safetensors</c>, whole model and optimizer state, independent of any partition, with a checksum of all
/// tensors in its metadata. Written beside and renamed, so a file with the right name is complete; the last three are kept.
/// </summary>
public sealed class CheckpointStore
{
    private const int Kept = 3;
    private const string ModelKey = "model", SeedKey = "seed", VersionKey = "version", ChecksumKey = "checksum", FormatKey = "format";
    private static readonly string[] Parts = ["parameters", "first_moment", "second_moment"];
    private readonly string _folder;

    /// <summary>Opens the folder of a job.</summary>
    public CheckpointStore(string folder, string jobId)
    {
        ArgumentException.ThrowIfNullOrEmpty(jobId);
        // The name comes from outside: it must not lead anywhere else.
        string safe = string.Concat(jobId.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        if (safe != jobId) safe += $"-{XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(jobId)):x8}";
        _folder = Path.Combine(folder, safe);
    }

    /// <summary>Versions of the checkpoints that are there, ascending; whether one is sound shows when it is loaded.</summary>
    public IReadOnlyList<int> Versions()
    {
        if (!Directory.Exists(_folder)) return [];
        var versions = new List<int>();
        foreach (string path in Directory.EnumerateFiles(_folder, "step-*.safetensors"))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(path)["step-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int version)) versions.Add(version);
        }
        versions.Sort();
        return versions;
    }

    /// <summary>Writes a checkpoint; when this returns it is on the disk under its name.</summary>
    /// <param name="version">Steps applied to every layer.</param>
    /// <param name="spec">The job.</param>
    /// <param name="states">All layers in order, at that version.</param>
    public void Write(int version, JobSpec spec, IReadOnlyList<LayerState> states)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(states);
        Directory.CreateDirectory(_folder);
        var tensors = states.SelectMany(s => Parts.Zip(s.Tensors, (part, tensor) => (Name: Name(s.Layout, part), Tensor: tensor))).ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, tensor) in tensors) hash.AppendData(tensor.Bytes().Span);
        var metadata = new Dictionary<string, string>
        {
            [FormatKey] = "parcae-1",
            [VersionKey] = $"{version}",
            [SeedKey] = $"{spec.Training.Seed}",
            [ModelKey] = JsonSerializer.Serialize(spec.Model),
            [ChecksumKey] = Convert.ToHexStringLower(hash.GetHashAndReset()),
        };

        string temporary = Path.Combine(_folder, $".step-{version}.{Guid.NewGuid():N}.tmp");
        using (var file = File.Create(temporary))
        {
            file.Write(SafeTensors.Header(tensors.Select(t => (t.Name, t.Tensor.numel())), metadata));
            foreach (var (_, tensor) in tensors) file.Write(tensor.Bytes().Span);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, PathOf(version), overwrite: true);
        foreach (int old in Versions().SkipLast(Kept)) File.Delete(PathOf(old));
    }

    /// <summary>Loads a checkpoint after checking all of it.</summary>
    /// <returns>All layers in order.</returns>
    /// <exception cref="CheckpointException">It does not exist, is damaged, or belongs to another model.</exception>
    public IReadOnlyList<LayerState> Load(int version, JobSpec spec, IStagedModel model)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(model);
        string path = PathOf(version);
        if (!File.Exists(path)) throw new CheckpointException($"{path} does not exist.");
        using var file = File.OpenRead(path);
        var (tensors, metadata) = SafeTensors.ReadHeader(file);
        Expect(FormatKey, "parcae-1");
        Expect(VersionKey, $"{version}");
        Expect(SeedKey, $"{spec.Training.Seed}");
        Expect(ModelKey, JsonSerializer.Serialize(spec.Model));
        foreach (var layout in Enumerable.Range(0, model.LayerCount).Select(model.Layout))
        {
            foreach (string part in Parts)
            {
                if (!tensors.TryGetValue(Name(layout, part), out var tensor)) throw new CheckpointException($"{path}: tensor {Name(layout, part)} is missing.");
                if (tensor.Length != layout.Length) throw new CheckpointException($"{path}: tensor {tensor.Name} has {tensor.Length} elements, the model's has {layout.Length}.");
            }
        }
        if (tensors.Count != Parts.Length * model.LayerCount) throw new CheckpointException($"{path}: it has {tensors.Count} tensors, the model has {Parts.Length * model.LayerCount}.");

        long start = file.Position;
        var states = new List<LayerState>();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int layer = 0; layer < model.LayerCount; layer++)
            {
                var state = LayerState.Allocate(model, layer, version);
                states.Add(state);
                foreach (var (part, tensor) in Parts.Zip(state.Tensors))
                {
                    file.Position = start + tensors[Name(state.Layout, part)].From;
                    file.ReadExactly(tensor.Bytes().Span);
                    hash.AppendData(tensor.Bytes().Span);
                }
            }
            string checksum = Convert.ToHexStringLower(hash.GetHashAndReset());
            Expect(ChecksumKey, checksum);
            return states;
        }
        catch
        {
            foreach (var state in states) state.Dispose();
            throw;
        }

        void Expect(string key, string expected)
        {
            string found = metadata.GetValueOrDefault(key, "(missing)");
            if (found != expected) throw new CheckpointException($"{path}: its {key} is {found}; {expected} was expected.");
        }
    }

    private static string Name(LayerLayout layout, string part) => $"{layout.Name}.{part}";

    private string PathOf(int version) => Path.Combine(_folder, $"step-{version:d8}.safetensors");
}
