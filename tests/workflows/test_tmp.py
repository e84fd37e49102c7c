import time
from tests.workflows.stories import *
from tests.workflows import records
async def test_x(house):
    t=time.time()
    deal = await whole_life(house)
    print("T",time.time()-t)
    import sys; sys.path.insert(0,"/tmp"); import hist
    await hist.show(house.client,"deal-1001")
    st=await deal.ended()
    for a in st.audit: print(a.at, a.actor, a.what, a.detail)
    print(st.stage, st.outcome, st.term, len(house.faults.calls))
    import collections
    print(collections.Counter(n for n,_ in house.faults.calls))
    records.assert_sound(house.settings.home)
import tests.workflows.driver as d
_t=[time.time()]
_old=d.Deal.tell
async def tell(self,name,**m):
    a=time.time(); r=await _old(self,name,**m); b=time.time()
    if b-a>0.3: print("SLOW tell",name,m,b-a)
    return r
d.Deal.tell=tell
_o2=d.Deal.until
async def until(self,f,what=""):
    a=time.time(); r=await _o2(self,f,what); b=time.time()
    if b-a>0.3: print("SLOW until",what,b-a)
    return r
d.Deal.until=until
