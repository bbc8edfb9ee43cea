using System.Text.Json;
using Parcae.GpuWorker.Models;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// The tensors of a model in the Hugging Face layout: <c>model.safetensors</c>, or shards with <c>model.safetensors.index.json</c>. Names with and without
/// <c>transformer.</c> are the same; the causal masks of older versions are left out. What is there is exactly what the model has.
/// </summary>
internal sealed class Gpt2Weights : IDisposable
{
    private const string Whole = "model.safetensors", Index = "model.safetensors.index.json";
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> _tensors = new(StringComparer.Ordinal);

    private Gpt2Weights()
    {
    }

    /// <summary>Opens a folder and compares names, types and shapes with the model's.</summary>
    /// <exception cref="CheckpointException">A file is missing or breaks its format, or a tensor is missing, unknown, of another shape or no float.</exception>
    public static Gpt2Weights Open(string folder, IStagedModel model)
    {
        var weights = new Gpt2Weights();
        try
        {
            if (!Directory.Exists(folder)) throw new CheckpointException(folder, "there is no such folder.");
            if (File.Exists(Path.Combine(folder, Index))) weights.AddShards(folder);
            else weights.Add(SafetensorsFile.Open(FolderGuard.File(folder, Whole)), null);
            weights.Match(folder, model);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>A tensor as float32, in the file's shape; the caller disposes of it.</summary>
    public Tensor Read(Gpt2Tensor tensor)
    {
        var (file, entry) = _tensors[tensor.Name];
        return file.ReadFloats(entry);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    private void AddShards(string folder)
    {
        var path = FolderGuard.File(folder, Index);
        var map = ReadIndex(path);
        foreach (var shard in map.GroupBy(m => m.Value, StringComparer.Ordinal))
        {
            if (!FolderGuard.IsName(shard.Key) || !shard.Key.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new CheckpointException(path, $"it places tensor '{shard.First().Key}' in '{shard.Key}', which is not the name of a safetensors file in its folder.");
            Add(SafetensorsFile.Open(FolderGuard.File(folder, shard.Key)), shard.Select(s => s.Key).ToHashSet(StringComparer.Ordinal));
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            if (new FileInfo(path).Length > SafetensorsHeader.MaxLength) throw new JsonException($"it is longer than {SafetensorsHeader.MaxLength} bytes.");
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return document.RootElement.GetProperty("weight_map").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "", StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it is no index of shards: {e.Message}", e);
        }
    }

    private void Add(SafetensorsFile file, HashSet<string>? expected)
    {
        _files.Add(file);
        foreach (var entry in file.Header.Entries)
        {
            if (expected is not null && !expected.Remove(entry.Name)) throw new CheckpointException(file.Path, $"it holds tensor '{entry.Name}', which the index does not place there.");
            var name = entry.Name.StartsWith(Gpt2Tensor.Prefix, StringComparison.Ordinal) ? entry.Name[Gpt2Tensor.Prefix.Length..] : entry.Name;
            if (!_tensors.TryAdd(name, (file, entry))) throw new CheckpointException(file.Path, $"tensor '{entry.Name}' is there twice, with and without '{Gpt2Tensor.Prefix}' or in two shards.");
        }

        if (expected is { Count: > 0 }) throw new CheckpointException(file.Path, $"tensor '{expected.First()}' is missing, which the index places there.");
    }

    private void Match(string folder, IStagedModel model)
    {
        var left = _tensors.Keys.Where(name => !Gpt2Tensor.IsMask(name, model.Spec)).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in Gpt2Tensor.Of(model))
        {
            if (!left.Remove(tensor.Name))
            {
                var hint = tensor.Name == Gpt2Tensor.HeadName ? " Its embeddings are tied: set model.tiedEmbeddings." : "";
                throw new CheckpointException(folder, $"tensor '{tensor.FullName}' is missing.{hint}");
            }

            var (file, entry) = _tensors[tensor.Name];
            if (!SafetensorsTypes.IsFloat(entry.Type)) throw new CheckpointException(file.Path, $"tensor '{entry.Name}' is of type {entry.Type}; F32, F16 and BF16 can be read as float32.");
            if (!entry.Shape.SequenceEqual(tensor.Shape))
                throw new CheckpointException(file.Path, $"tensor '{entry.Name}' has shape {SafetensorsEntry.Text(entry.Shape)}; expected was {SafetensorsEntry.Text(tensor.Shape)}.");
        }

        // Some programs save the head though it is the embedding.
        if (model.Spec.TiedEmbeddings && left.Remove(Gpt2Tensor.HeadName)) CheckTied(model);
        if (left.Count > 0) throw new CheckpointException(_tensors[left.Order(StringComparer.Ordinal).First()].File.Path, $"tensor '{_tensors[left.Order(StringComparer.Ordinal).First()].Entry.Name}' is none of this model's.");
    }

    private void CheckTied(IStagedModel model)
    {
        var (file, entry) = _tensors[Gpt2Tensor.HeadName];
        var embedding = Gpt2Tensor.Of(model)[0];
        bool same = entry.Shape.SequenceEqual(embedding.Shape) && SafetensorsTypes.IsFloat(entry.Type);
        if (same)
        {
            using var head = file.ReadFloats(entry);
            using var tokens = Read(embedding);
            using var equal = head.eq(tokens);
            using var all = equal.all();
            same = all.item<bool>();
        }

        if (!same) throw new CheckpointException(file.Path, $"tensor '{entry.Name}' is not the token embedding, though the model's embeddings are tied: unset model.tiedEmbeddings.");
    }
}
