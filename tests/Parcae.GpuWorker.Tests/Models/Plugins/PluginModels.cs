using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Models.Plugins;

/// <summary>Takes no spec.</summary>
public sealed class WithoutConstructor() : DoubtfulModel(new ModelSpec());

/// <summary>Does not want to be.</summary>
public sealed class ThatThrows : DoubtfulModel
{
    public ThatThrows(ModelSpec spec)
        : base(spec) => throw new NotSupportedException("not on Sundays");
}

/// <summary>Has fewer layouts than layers.</summary>
public sealed class ThatContradictsItself : DoubtfulModel
{
    public ThatContradictsItself(ModelSpec spec)
        : base(spec) => LayerCount = 4;
}

/// <summary>Ties a layer to one that comes after it.</summary>
public sealed class ThatTiesAhead : DoubtfulModel
{
    public ThatTiesAhead(ModelSpec spec)
        : base(spec) => Layouts = [LayerLayout.Of(0, "first", Declare.Matrix("weight", 2, 2, Initial.Zeros) with { Tie = new TiedTo(2, 0) }), .. GoodLayouts[1..]];
}

/// <summary>No class that can be built.</summary>
public abstract class Unfinished(ModelSpec spec) : DoubtfulModel(spec);
