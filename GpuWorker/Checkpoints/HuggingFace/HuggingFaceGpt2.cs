using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A GPT in the layout and with the names of Hugging Face <c>transformers</c>' <c>GPT2LMHeadModel</c>: <c>config.json</c>, <c>generation_config.json</c>,
/// <c>model.safetensors</c>, and the tokenizer's files.
/// </summary>
public static class HuggingFaceGpt2
{
    /// <summary>Writes a model as a folder, which appears whole or not at all.</summary>
    /// <param name="model">A GPT.</param>
    /// <param name="states">Every layer in order; the parameters are written.</param>
    /// <param name="folder">Where; must not exist, or be empty.</param>
    /// <param name="tokenizer">The tokenizer's files by name (<c>vocab.json</c>, <c>merges.txt</c>); null: a token is a byte.</param>
    /// <param name="progress">Told the share that is written, from 0 to 1.</param>
    /// <exception cref="CheckpointException">The folder is not empty, or cannot be written.</exception>
    public static void Export(
        IStagedModel model, IReadOnlyList<LayerState> states, string folder, IReadOnlyDictionary<string, byte[]>? tokenizer = null, Action<double>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(states);
        var tensors = Gpt2Tensor.Of(model);
        var files = Gpt2Tokenizer.Files(model.Spec, tokenizer);
        ExportFolder.Write(folder, into =>
        {
            foreach (var (name, bytes) in files.Contents) DurableFile.Write(Path.Combine(into, name), file => file.Write(bytes));
            Json(into, Gpt2Config.FileName, Gpt2Config.ToJson(model.Spec, files.EndOfText));
            Json(into, "generation_config.json", new() { ["_from_model_config"] = true, ["bos_token_id"] = files.EndOfText, ["eos_token_id"] = files.EndOfText });
            // transformers refuses a file that does not say whose tensors it holds.
            var contents = tensors.Select(t => new SafetensorsContent(t.FullName, t.Shape, () => Stored(states[t.Layer], t))).ToArray();
            var header = SafetensorsWriter.Header(new Dictionary<string, string> { ["format"] = "pt" }, contents);
            SafetensorsWriter.Write(Path.Combine(into, "model.safetensors"), header.ToBytes(), contents, progress);
        });
    }

    /// <summary>The model that a folder's <c>config.json</c> describes, to begin from that folder.</summary>
    /// <exception cref="CheckpointException">It is no GPT-2 that we compute alike.</exception>
    public static ModelSpec ReadSpec(string folder) => Gpt2Config.Read(folder);

    /// <summary>Reads a model's parameters.</summary>
    /// <param name="folder">In the Hugging Face layout; names with or without <c>transformer.</c>, float32, float16 or bfloat16, one file or shards.</param>
    /// <param name="model">The model that it must be.</param>
    /// <param name="training">Says what the optimizer keeps, which is zero.</param>
    /// <returns>Every layer in order at version 0; the caller disposes of them.</returns>
    /// <exception cref="CheckpointException">It is another model, or damaged; the message names folder and tensor.</exception>
    public static IReadOnlyList<LayerState> Import(string folder, IStagedModel model, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var weights = Open(folder, model);
        var states = new List<LayerState>();
        try
        {
            for (int layer = 0; layer < model.LayerCount; layer++) states.Add(Read(weights, model, layer, training, null));
            return states;
        }
        catch
        {
            foreach (var state in states) state.Dispose();
            throw;
        }
    }

    /// <summary>Reads one layer; all of the folder's names, types and shapes are checked first.</summary>
    /// <inheritdoc cref="Import"/>
    public static LayerState ImportLayer(string folder, IStagedModel model, int layer, TrainingSpec training, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var weights = Open(folder, model);
        return Read(weights, model, layer, training, device);
    }

    private static Gpt2Weights Open(string folder, IStagedModel model)
    {
        if (Gpt2Config.Difference(Gpt2Config.Read(folder), model.Spec) is { } difference) throw new CheckpointException(folder, difference);
        return Gpt2Weights.Open(folder, model);
    }

    private static LayerState Read(Gpt2Weights weights, IStagedModel model, int layer, TrainingSpec training, Device? device)
    {
        var state = LayerState.Allocate(model, layer, 0, training, device);
        try
        {
            using var scope = NewDisposeScope();
            foreach (var slot in state.Slots) slot.zero_();
            var tensors = Gpt2Tensor.Of(model);
            foreach (var slice in state.Layout.Parameters)
            {
                var owner = slice.Tie is { } tie ? (tie.Layer, Slice: model.Layout(tie.Layer).Parameters[tie.Parameter]) : (Layer: layer, Slice: slice);
                var tensor = tensors.Single(t => t.Layer == owner.Layer && t.Slice == owner.Slice);
                var stored = weights.Read(tensor);
                var own = tensor.IsTransposed ? stored.t() : stored;
                CheckpointTensors.Part(state, slice, 0).view(slice.Shape).copy_(own);
                stored.Dispose();
            }

            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    private static ReadOnlyMemory<byte> Stored(LayerState state, Gpt2Tensor tensor)
    {
        var own = CheckpointTensors.Part(state, tensor.Slice, 0).view(tensor.Slice.Shape).cpu();
        return (tensor.IsTransposed ? own.t().contiguous() : own).Bytes();
    }

    private static void Json(string folder, string name, System.Text.Json.Nodes.JsonObject json) =>
        DurableFile.Write(Path.Combine(folder, name), file => file.Write(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(new() { WriteIndented = true }) + "\n")));
}
